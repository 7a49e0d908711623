"""Leaks: predictions made from y, such as copies of the public y, are refused before their score is accepted.

Test labels and test y are public, so a score by itself proves little. Predictions are therefore scored a second time,
against a **private redraw** of y: drawn for the same labels from the same posteriors, with a secret seed. A model of x
scores equally well on both draws; predictions copied from the public y score far worse on the private one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from eval.intervals import Interval, measure_intervals
from eval.kept.figures import LABELS
from eval.leaderboard.showing import Trial, round_score, round_to
from eval.predictions import Predictions, naming_seed
from eval.score import LEAK_STANDARD_ERRORS, RowFigures, Score, average_rows, measure_rows, score_rows
from ld_data.errors import InputError, LeakError
from ld_data.release.dataset import LatentDataset
from ld_data.release.manifest import Manifest
from ld_data.storage.hashing import hash_array
from ld_data.typing import Array, Doubles, Floats

CEILING_STANDARD_ERRORS = 3.0
CEILING_MEASURES = ("judge_samples", "linear_probe", "mlp_probe")
RARE_ROW = 1e-9  # the chance that a y of N(0, I) is longer than predictions may be

Status = Literal["ranked", "suspect", "held"]


@dataclass(frozen=True)
class PrivateScore:
    """The score of predictions against the private redraw of y, rounded; the fields are those of `Score`."""

    mse: float
    standard_error: float
    null: float
    floor: float
    skill: float
    skill_standard_error: float


@dataclass(frozen=True)
class Verdict:
    """The result of verification, for predictions that are not refused.

    Attributes:
        predictions: of each seed `(n, d)`; of one model without seeds, one.
        predictions_sha256: of their little-endian bytes in C order, seed after seed.
        score: on the public y, or on the secret y of a season: means over the seeds.
        private: on the private redraw; None on the challenge track, whose rows are secret as a whole.
        ceiling: the decoded accuracy that x allows; None if it was not measured.
        status: "suspect" if the decoded accuracy of a seed lies above the ceiling, else "ranked".
        seeds: the score of each seed.
        intervals: of 95 %, by the names of `LABELS` (`eval.intervals`).
        errors: noise-free squared error of each row `(n,)`, a mean over the seeds.
        trial: the figures that decide and show what an open season shows; None on the public track.
    """

    predictions: tuple[Predictions, ...]
    predictions_sha256: str
    score: Score
    private: PrivateScore | None
    ceiling: float | None
    status: Status
    seeds: tuple[Score, ...]
    intervals: Mapping[str, Interval]
    errors: Doubles
    trial: Trial | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the exact figures, as a receipt holds them; those of each seed only if there are several."""
        result = {"score": self.score.to_json(), "status": self.status, "intervals": dict(self.intervals)}
        if len(self.seeds) == 1:
            return result
        return result | {"seed_scores": [{name: getattr(seed, name) for name in LABELS} for seed in self.seeds]}


def verify_predictions(predictions: Sequence[Predictions], data: LatentDataset, private_y: Floats) -> Verdict:
    """Return the verdict on checked predictions `(n, d)` for the test rows, given another draw of their y `(n, d)`.

    The predictions are those of one model, or of each seed of a rule; each passes by itself.

    Raises:
        InputError: for a row longer than any y, or a score that is not finite; the message names the seed.
        LeakError: for an MSE significantly below the floor on either draw, or much higher on the private one.
    """
    verdict, _ = judge(predictions, data)
    redrawn = replace(data, test=replace(data.test, y=private_y))
    parts = []
    for number, (own, score) in enumerate(zip(predictions, verdict.seeds, strict=True), 1):
        with naming_seed(number, len(predictions)):
            if score.is_leak:
                raise LeakError(score.describe_leak())
            parts.append(_confirm(own, data, redrawn))
    rows = average_rows(parts)
    shown = round_score(score_rows(rows, redrawn), rows)
    return replace(verdict, private=PrivateScore(*(getattr(shown, field.name) for field in fields(PrivateScore))))


def judge(predictions: Sequence[Predictions], data: LatentDataset) -> tuple[Verdict, RowFigures]:
    """Return the verdict by score and ceiling alone, and the figures of its rows, means over the seeds.

    Raises:
        InputError: for a row longer than any y, or a score that is not finite; the message names the seed.
    """
    parts, seeds = [], []
    for number, own in enumerate(predictions, 1):
        with naming_seed(number, len(predictions)):
            check_lengths(own.values)
            parts.append(measure_rows(own, data))
            seeds.append(_check_finite(score_rows(parts[-1], data)))
    rows = average_rows(parts)
    score = score_rows(rows, data)
    ceiling, greatest = measure_ceiling(data.manifest, len(data.test)), max(seed.decoded_accuracy for seed in seeds)
    status: Status = "suspect" if ceiling is not None and greatest > ceiling else "ranked"
    sha256 = hash_array(np.stack([own.values for own in predictions]))
    intervals = measure_intervals(score, rows, seeds)
    parts_of_verdict = tuple(seeds), intervals, rows.noise_free
    return Verdict(tuple(predictions), sha256, score, None, ceiling, status, *parts_of_verdict), rows


def check_lengths(predictions: Floats) -> None:
    """Refuse predictions `(n, d)` with a row longer than any y: its error alone would show through a mean over rows.

    The bound on the squared length of a y of N(0, I) is that of Laurent and Massart (Annals of Statistics 28, 2000,
    lemma 1); a y exceeds it with a chance of at most `RARE_ROW`.

    Raises:
        InputError: for such a row.
    """
    d, t = predictions.shape[1], -math.log(RARE_ROW)
    bound = math.sqrt(d + 2 * math.sqrt(d * t) + 2 * t)
    lengths = np.linalg.norm(predictions.astype(np.float64), axis=1)
    if lengths.max() > bound:
        raise InputError(
            f"each prediction must have a length (Euclidean norm) of at most {bound:.1f}, since no y is longer; row "
            f"{lengths.argmax()} has {lengths.max():.4g}. Check the scale of the predictions."
        )


def measure_ceiling(manifest: Manifest | None, rows: int) -> float | None:
    """Return the decoded accuracy that a model of x may reach on `rows` test rows; None if the release has no measure.

    It is the best accuracy with which judge and probes read the class off x, plus three binomial standard errors.
    """
    health = manifest.health if manifest is not None else {}
    known = [group[name] for group in health.values() for name in CEILING_MEASURES if name in group]
    values = [entry.get("value") if isinstance(entry, dict) else entry for entry in known]
    best = max((value for value in values if isinstance(value, int | float) and 0 <= value <= 1), default=None)
    if best is None:
        return None
    return min(1.0, best + CEILING_STANDARD_ERRORS * math.sqrt(best * (1 - best) / rows))


def measure_gap(predictions: Array, data: LatentDataset, private_y: Array) -> tuple[float, float]:
    """Return how far the private MSE exceeds the public one, and the standard error of that gap, paired by rows.

    The oracle's MSE on the same draw is subtracted from each MSE first: it has the same expectation on both draws, and
    holds most of the noise. The gap of one row is then `2 (f - m) . (y - y') / d`, for predictions f, class means m and
    the draws y and y'. Its mean is 0 for any f that depends on x alone, and `2 a` times the floor for
    `f = a y + (1 - a) g`.
    """
    distance = predictions.astype(np.float64) - data.class_mean[data.test.label]
    gaps = 2.0 * (distance * (data.test.y.astype(np.float64) - private_y)).mean(axis=1)
    return float(gaps.mean()), float(gaps.std(ddof=1) / math.sqrt(len(gaps)))


def _confirm(predictions: Predictions, data: LatentDataset, redrawn: LatentDataset) -> RowFigures:
    """Return the figures of the rows on the private redraw; raise `LeakError` if it does not confirm the score."""
    gap, error = measure_gap(predictions.values, data, redrawn.test.y)
    if gap > LEAK_STANDARD_ERRORS * error:
        raise LeakError(
            f"the score is not confirmed: on a private redraw of y for the same rows the MSE is "
            f"{round_to(gap, error):g} +- {error:.1g} higher, while a model of x scores the same up to chance. Check "
            "whether the test y leaked into the predictions; they must be made from x alone."
        )
    rows = measure_rows(predictions, redrawn)
    private = score_rows(rows, redrawn)
    if private.is_leak:
        raise LeakError(round_score(private, rows).describe_leak())
    return rows


def _check_finite(score: Score) -> Score:
    wrong = [name for name, value in vars(score).items() if isinstance(value, float) and not math.isfinite(value)]
    if wrong:
        raise InputError(
            f"the score's {', '.join(wrong)} must be finite, and cannot be computed from these predictions and "
            f"{score.rows} test rows. Check the scale of the predictions; a leaderboard needs two test rows or more."
        )
    return score
