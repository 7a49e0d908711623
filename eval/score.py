"""The arithmetic of scores: figures of each test row, their means, skill and standard errors; and how figures print."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from eval.kept.baselines import describe_place
from eval.predictions import Predictions, check_predictions
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Array, Doubles

LEAK_STANDARD_ERRORS = 5.0


@dataclass(frozen=True)
class Score:
    """How well a model predicts y from x on the test rows. MSEs are means over rows and dimensions.

    Attributes:
        data_sha256: of the test set, `LatentDataset.test_sha256`: only scores with the same one compare.
        rows: n of the test set.
        mse: of the predictions against the sampled y.
        standard_error: of the mse, from its spread over rows.
        null: MSE, on the same rows, of the model that always answers the mean of the training y.
        floor: MSE, on the same rows, of the oracle that answers the mean of y given the true class.
        skill: (null - mse) / (null - floor): 0 for the null, 1 for the oracle.
        skill_standard_error: of the skill; smaller than the mse's, since null and floor share the rows' noise.
        noise_free_mse: MSE against the class mean of the true class, free of the noise in y.
        decoded_accuracy: share of predictions that decode to the true class.
        class_accuracy: the same among the rows of each class, k shares; NaN, in JSON null, for a class without rows.
        entry: after a submission the answer of the leaderboard, with `id`, `status` ("ranked" or "suspect"), `rank`,
            `receipt` and `receipt_sha256`; else None. JSON and comparisons leave it out.
    """

    release: str
    data_sha256: str
    rows: int
    mse: float
    standard_error: float
    null: float
    floor: float
    skill: float
    skill_standard_error: float
    noise_free_mse: float
    decoded_accuracy: float
    class_accuracy: tuple[float, ...]
    entry: dict[str, Any] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Turn the class shares of JSON, a list with nulls, into a tuple of floats."""
        shares = tuple(math.nan if share is None else share for share in self.class_accuracy)
        object.__setattr__(self, "class_accuracy", shares)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        shares = [None if math.isnan(share) else share for share in self.class_accuracy]
        figures = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "entry"}
        return figures | {"class_accuracy": shares}

    @property
    def is_leak(self) -> bool:
        """Whether the mse lies significantly below the floor, out of reach for a model of x."""
        return self.skill > 1 + LEAK_STANDARD_ERRORS * self.skill_standard_error

    def __str__(self) -> str:
        """Return a small table, with the kept baselines next to the skill if there are some of this test set."""
        worst = int(np.nanargmin(self.class_accuracy))
        lines = {
            "MSE": write_with_error(self.mse, self.standard_error),
            "null (answers the mean)": f"{self.null:.4f}",
            "floor (knows the class)": f"{self.floor:.4f}",
            "skill (0 null, 1 floor)": write_with_error(self.skill, self.skill_standard_error),
            "noise-free MSE": write_figure(self.noise_free_mse),
            "decoded accuracy": f"{self.decoded_accuracy:.4f}",
            "worst class": f"{self.class_accuracy[worst]:.4f} (class {worst})",
        }
        if place := describe_place(self.release, self.data_sha256, self.skill):
            lines["kept baselines"] = place
        if self.entry:
            lines["leaderboard"] = describe_entry(self.entry)
        table = [f"{self.release}, {self.rows} test rows", *(f"{label:<24} {value}" for label, value in lines.items())]
        if self.is_leak:
            table.append(self.describe_leak())
        return "\n  ".join(table)

    def describe_leak(self) -> str:
        """Return a warning for an MSE below the floor."""
        return (
            f"The MSE {self.mse:.4f} lies below the floor {self.floor:.4f}, the score of an oracle that knows every "
            "class. No model of x can do that: check whether y leaked into the predictions."
        )


@dataclass(frozen=True)
class RowFigures:
    """The figures of each test row `(n,)` whose means make a score; squared errors are means over dimensions.

    Attributes:
        error: of the predictions against the sampled y.
        null, floor: of the mean of the training y, and of the class means, against the sampled y.
        noise_free: of the predictions against the class mean of the true class.
        hit: whether the prediction decodes to the true class.
    """

    error: Doubles
    null: Doubles
    floor: Doubles
    noise_free: Doubles
    hit: Array


def score_predictions(predictions: Predictions | Array, data: LatentDataset) -> Score:
    """Return the score of predictions `(n, d)` for the test rows of `data`; raises as `check_predictions`."""
    return score_rows(measure_rows(check_predictions(predictions, data), data), data)


def average_rows(parts: Sequence[RowFigures]) -> RowFigures:
    """Return the means over models, such as the seeds of a rule, of the figures of each row; `hit` becomes a share."""
    if len(parts) == 1:
        return parts[0]
    return RowFigures(*(np.mean([getattr(part, name.name) for part in parts], axis=0) for name in fields(RowFigures)))


def score_rows(rows: RowFigures, data: LatentDataset) -> Score:
    """Return the score that the figures of the test rows of `data` make."""
    skill, skill_standard_error = measure_skill(rows.error, rows.null, rows.floor)
    hits = [rows.hit[data.test.label == label] for label in range(data.classes)]
    return Score(
        release=data.name,
        data_sha256=data.test_sha256,
        rows=len(rows.error),
        mse=float(rows.error.mean()),
        standard_error=mean_error(rows.error),
        null=float(rows.null.mean()),
        floor=float(rows.floor.mean()),
        skill=skill,
        skill_standard_error=skill_standard_error,
        noise_free_mse=float(rows.noise_free.mean()),
        decoded_accuracy=float(rows.hit.mean()),
        class_accuracy=tuple(float(own.mean()) if len(own) else math.nan for own in hits),
    )


def measure_rows(predictions: Predictions, data: LatentDataset) -> RowFigures:
    """Return the figures of each test row for checked predictions `(n, d)`."""
    values = predictions.values.astype(np.float64)
    mean = data.train.y.mean(axis=0, dtype=np.float64)
    oracle = data.class_mean[data.test.label]
    error, null, floor = (row_errors(guess, data.test.y) for guess in (values, mean, oracle))
    return RowFigures(error, null, floor, row_errors(values, oracle), data.classify(values) == data.test.label)


def measure_skill(error: Doubles, null: Doubles, floor: Doubles) -> tuple[float, float]:
    """Return (null - error) / (null - floor), of the means over rows `(n,)`, and its standard error.

    To first order, the error of a ratio of means over the same rows is that of its residual's mean (Cochran, "Sampling
    Techniques", 1977, chapter 6).
    """
    usable = float(null.mean() - floor.mean())
    skill = float(null.mean() - error.mean()) / usable
    return skill, mean_error(null - error - skill * (null - floor)) / abs(usable)


def row_errors(guess: Array, truth: Array) -> Doubles:
    """Return the squared errors `(n,)` of guesses `(n, d)` or `(d,)`, means over dimensions."""
    return np.square(guess - truth.astype(np.float64)).mean(axis=1)


def write_figure(value: float, decimals: int = 4) -> str:
    """Return a figure with so many decimals; 1000 and more in short, as 2.3e+05: bad scores have dozens of digits."""
    return f"{value:z.{decimals}f}" if abs(value) < 1000 else f"{value:.1e}"


def write_with_error(value: float, error: float, decimals: int = 4, sign: str = "+-") -> str:
    """Return a figure and its standard error."""
    return f"{write_figure(value, decimals)} {sign} {write_figure(error, decimals)}"


def describe_entry(entry: Mapping[str, Any]) -> str:
    """Return the status and rank of a leaderboard's entry, and the receipt that proves it."""
    verdicts = {"suspect": "accepted as suspect: more classes decoded than x allows", "held": entry.get("note", "held")}
    verdict = verdicts.get(entry["status"], "accepted")
    rank = "" if entry["rank"] is None else f", rank {entry['rank']}"
    text = f"{verdict}{rank}; receipt {entry['id']}, sha256 {entry['receipt_sha256']}"
    if secret := entry.get("owner_secret"):
        text += f"\nThe name is yours, and its secret could not be kept in the cache folder: keep {secret}"
    return text


def mean_error(values: Doubles) -> float:
    """Return the standard error of the mean of values; infinite for a single one."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf
