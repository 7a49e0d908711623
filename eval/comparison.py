"""Which of two models is better, and how far the scores of one model spread over its seeds."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.evaluation import load_dataset
from eval.predictions import BATCH_ROWS, Model, predict
from eval.score import RowFigures, Score, measure_rows
from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.release.dataset import LatentDataset

RESAMPLES = 10_000
MIN_RESAMPLES = 40  # fewer have no value in a tail of 2.5 %: of one, every interval leaves 0 out
MAX_RESAMPLES = 1_000_000
MAX_SEED = 2**63 - 1
TAILS = (0.025, 0.975)  # of a 95 % interval
DRAWN_AT_ONCE = 1 << 21  # rows: 16 MiB of indices, and as much of their counts
ROUNDING = 1e-3  # of a figure: other processors round otherwise, and training grows that
LABELS = {
    "mse": "MSE",
    "noise_free_mse": "noise-free MSE",
    "skill": "skill",
    "decoded_accuracy": "decoded accuracy",
}


@dataclass(frozen=True)
class Difference:
    """One figure of two models on the same rows.

    Attributes:
        a, b: the figure of each.
        value: a - b.
        low, high: the ends of the 95 % interval of a - b.
    """

    a: float
    b: float
    value: float
    low: float
    high: float

    @property
    def is_significant(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """Two models, a and b, on the same test rows.

    Attributes:
        release, data_sha256, rows: as in `Score`.
        resamples, seed: of the bootstrap.
        mse, noise_free_mse: lower is better, so that a negative difference speaks for a.
        skill, decoded_accuracy: higher is better, so that a positive difference speaks for a.
    """

    release: str
    data_sha256: str
    rows: int
    resamples: int
    seed: int
    mse: Difference
    noise_free_mse: Difference
    skill: Difference
    decoded_accuracy: Difference

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values, and whether each difference is significant."""
        differences = {
            name: asdict(getattr(self, name)) | {"is_significant": getattr(self, name).is_significant}
            for name in LABELS
        }
        return asdict(self) | differences

    def __str__(self) -> str:
        """Return a small table."""
        lines = [
            f"{self.release}, {self.rows} test rows, {self.resamples} resamples",
            f"  {'':<18}{'a':>8}{'b':>10}{'a - b':>11}   95 % interval",
        ]
        for name, label in LABELS.items():
            figure: Difference = getattr(self, name)
            word = "significant" if figure.is_significant else "not significant"
            numbers = f"{figure.a:>8.4f}{figure.b:>10.4f}{figure.value:>11.5f}"
            lines.append(f"  {label:<18}{numbers}   {figure.low:>8.5f} to {figure.high:>8.5f}   {word}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Spread:
    """The mean of a figure over seeds, and its standard deviation (None for a single seed)."""

    mean: float
    std: float | None

    def __str__(self) -> str:
        """Return both, as people write them."""
        return f"{self.mean:.4f}" if self.std is None else f"{self.mean:.4f} +- {self.std:.4f}"


@dataclass(frozen=True)
class SeedSummary:
    """The scores of one model trained from several seeds.

    Attributes:
        release, data_sha256: as in `Score`.
        n: the number of seeds.
        mse, noise_free_mse, skill, decoded_accuracy: each over the seeds.
    """

    release: str
    data_sha256: str
    n: int
    mse: Spread
    noise_free_mse: Spread
    skill: Spread
    decoded_accuracy: Spread

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        """Return a small table."""
        lines = [f"  {label:<18}{getattr(self, name)}" for name, label in LABELS.items()]
        return "\n".join([f"{self.release}, {self.n} seeds: mean +- standard deviation", *lines])


def compare(
    model_a: Model,
    model_b: Model,
    release: str | Path | LatentDataset,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    batch_rows: int = BATCH_ROWS,
) -> Comparison:
    """Return how two models differ on the test rows of a release, with 95 % intervals.

    The comparison is paired: rows are drawn with replacement, each with the figures of both models, so that the noise
    of y, which both meet, mostly cancels. The intervals are the percentiles of the resampled differences (Efron and
    Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). They tell about other test rows; how far one
    model's scores spread over its seeds is another question: see `summarise_seeds`.

    Raises as `eval.evaluate`, and `InputError` for `resamples` that are not 40 to 1,000,000 or a seed out of range.
    """
    check_integer("resamples", resamples, MIN_RESAMPLES, MAX_RESAMPLES)
    check_integer("seed", seed, 0, MAX_SEED)
    data = load_dataset(release)
    a, b = (measure_rows(predict(model, data, batch_rows=batch_rows), data) for model in (model_a, model_b))
    gaps = np.stack([a.error - b.error, a.noise_free - b.noise_free, a.hit.astype(float) - b.hit, a.null - a.floor], 1)
    means = np.concatenate(list(_resample_means(gaps, resamples, seed)))
    ends = dict(zip(LABELS, np.quantile(_to_differences(means), TAILS, axis=0).T.tolist(), strict=True))
    values = dict(zip(LABELS, _to_differences(gaps.mean(axis=0, keepdims=True))[0].tolist(), strict=True))
    figures_a, figures_b = _figures(a), _figures(b)
    differences = {name: Difference(figures_a[name], figures_b[name], values[name], *ends[name]) for name in LABELS}
    return Comparison(data.name, data.test_sha256, len(data.test), resamples, seed, **differences)


def summarise_seeds(scores: Sequence[Score]) -> SeedSummary:
    """Return mean and standard deviation (of a sample: divided by n - 1) of one model's scores over its seeds.

    Raises `InputError` for no scores, or for scores of different releases or of different test y.
    """
    if not scores:
        raise InputError("expected the scores of one seed or more; received none.")
    if len(origins := {(score.release, score.data_sha256) for score in scores}) > 1:
        names = ", ".join(sorted(f"{release} ({sha256[:8]})" for release, sha256 in origins))
        raise InputError(
            f"expected scores on one release with one test y; received {names}. Summarise each by itself: scores of "
            "different data do not compare."
        )
    spreads = {name: measure_spread([getattr(score, name) for score in scores]) for name in LABELS}
    return SeedSummary(scores[0].release, scores[0].data_sha256, len(scores), **spreads)


def measure_spread(values: Sequence[float]) -> Spread:
    """Return the mean of a figure over seeds, and its standard deviation (divided by n - 1); None for one seed."""
    mean = math.fsum(values) / len(values)
    return Spread(mean, float(np.std(values, ddof=1)) if len(values) > 1 else None)


def describe_shift(name: str, new: Spread, old: Spread) -> str:
    """Return a sentence if the mean of a figure lies further from an older one than that spreads over its seeds.

    Otherwise "". The spread of one seed is taken as 0, and beyond any the rounding of a thousandth, of 1 or of the mean
    where that is larger, is allowed.
    """
    allowed = (old.std or 0.0) + ROUNDING * max(1.0, abs(old.mean))
    if abs(new.mean - old.mean) <= allowed:
        return ""
    return f"{name} is {new.mean:.5f}, committed {old.mean:.5f}, spread {allowed:.5f}."


def _figures(rows: RowFigures) -> dict[str, float]:
    """Return the figures of `LABELS` by name."""
    null, error = float(rows.null.mean()), float(rows.error.mean())
    return {
        "mse": error,
        "noise_free_mse": float(rows.noise_free.mean()),
        "skill": (null - error) / (null - float(rows.floor.mean())),
        "decoded_accuracy": float(rows.hit.mean()),
    }


def _to_differences(means: np.ndarray) -> np.ndarray:
    """Return the differences `(r, 4)`, in the order of `LABELS`, from the means of the gaps `(r, 4)`."""
    error, noise_free, hit, usable = means.T
    return np.stack([error, noise_free, -error / usable, hit], axis=1)


def _resample_means(values: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the means of the rows of `values` `(n, m)` over resamples of n rows with replacement, part by part.

    How often a resample holds each row is counted first, since counts times values is one product of matrices.
    """
    random = np.random.default_rng(seed)
    rows = len(values)
    largest = max(1, DRAWN_AT_ONCE // rows)
    for start in range(0, resamples, largest):
        size = min(largest, resamples - start)
        drawn = random.integers(rows, size=(size, rows)) + np.arange(size)[:, None] * rows
        counts = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows)
        yield counts.astype(np.float64) @ values / rows
