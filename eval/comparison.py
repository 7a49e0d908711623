"""Comparisons of two models with intervals, and the spread of scores over seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eval.evaluation import load_dataset
from eval.kept.figures import LABELS, Figures, SeedSummary, Spread
from eval.predictions import BATCH_ROWS, Model, predict
from eval.score import RowFigures, Score, measure_rows, score_rows, write_figure
from ld_data.checks import check_integer
from ld_data.cli.table import format_table
from ld_data.errors import InputError
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Doubles

RESAMPLES = 10_000
DRAWN_AT_ONCE = 1 << 21  # rows: 16 MiB of indices, and 16 MiB of counts


@dataclass(frozen=True)
class Difference:
    """One figure of two models on the same rows, their difference, and its 95 % interval, significant if without 0."""

    a: float
    b: float
    value: float
    low: float
    high: float
    is_significant: bool = field(init=False)

    def __post_init__(self) -> None:
        """Compare the interval with 0."""
        object.__setattr__(self, "is_significant", self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Comparison(Figures[Difference]):
    """Two models, a and b, on the same test rows, by a bootstrap of so many resamples from a seed.

    A negative difference in MSE or noise-free MSE favours a, a positive one in skill or decoded accuracy.
    """

    rows: int
    resamples: int
    seed: int

    def __str__(self) -> str:
        """Return a small table."""
        rows = []
        for name, label in LABELS.items():
            its: Difference = getattr(self, name)
            value, low, high = (write_figure(number, 5) for number in (its.value, its.low, its.high))
            word = "significant" if its.is_significant else "not significant"
            rows.append((label, write_figure(its.a), write_figure(its.b), value, f"{low} to {high}", word))
        table = format_table(("", "a", "b", "a - b", "95 % interval", ""), rows, "lrrrrl")
        return f"{self.release}, {self.rows} test rows, {self.resamples} resamples\n{table}"


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
    of y, common to both, mostly cancels. The intervals are the percentiles of the resampled differences (Efron and
    Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). They cover the choice of test rows; the spread
    over training seeds is another question: see `summarise_seeds`.

    Raises:
        InputError: if `resamples` are not 40 to 1,000,000, if the seed is out of range, or as `eval.evaluate`.
        UnknownNameError: if the release does not exist.
        MissingDataError: if a file of predictions does not exist.
    """
    check_integer("resamples", resamples, 40, 1_000_000)  # fewer leave a tail of 2.5 % empty
    check_integer("seed", seed, 0, 2**63 - 1)
    data = load_dataset(release)
    a, b = (measure_rows(predict(model, data, batch_rows=batch_rows), data) for model in (model_a, model_b))
    return compare_rows(a, b, data, resamples=resamples, seed=seed)


def compare_rows(
    a: RowFigures, b: RowFigures, data: LatentDataset, *, resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Return how two models differ whose figures of each test row are known; the intervals are those of `compare`."""
    gaps = np.stack([a.error - b.error, a.noise_free - b.noise_free, a.hit.astype(float) - b.hit, a.null - a.floor], 1)
    means = np.concatenate(list(_resample_means(gaps, resamples, seed)))
    ends = np.quantile(_to_differences(means), (0.025, 0.975), axis=0).T.tolist()
    values = _to_differences(gaps.mean(axis=0, keepdims=True))[0].tolist()
    first, second = score_rows(a, data), score_rows(b, data)
    differences: dict[str, Any] = {
        name: Difference(getattr(first, name), getattr(second, name), value, low, high)
        for name, value, (low, high) in zip(LABELS, values, ends, strict=True)
    }
    return Comparison(data.name, data.test_sha256, **differences, rows=len(data.test), resamples=resamples, seed=seed)


def summarise_seeds(scores: Sequence[Score]) -> SeedSummary:
    """Return mean and standard deviation (of a sample: divided by n - 1) of one model's scores over its seeds.

    Raises:
        InputError: if there are no scores, or if they belong to different releases or different test y.
    """
    if not scores:
        raise InputError("expected the scores of one seed or more; received none.")
    if len(origins := {(score.release, score.data_sha256) for score in scores}) > 1:
        names = ", ".join(sorted(f"{release} ({sha256[:8]})" for release, sha256 in origins))
        raise InputError(
            f"expected scores on one release with one test y; received {names}. Summarise each by itself: scores of "
            "different data do not compare."
        )
    spreads = {name: Spread.of([getattr(score, name) for score in scores]) for name in LABELS}
    return SeedSummary(scores[0].release, scores[0].data_sha256, **spreads, n=len(scores))


def _to_differences(means: Doubles) -> Doubles:
    """Return the differences `(r, 4)`, in the order of `LABELS`, from the means of the gaps `(r, 4)`."""
    error, noise_free, hit, usable = means.T
    return np.stack([error, noise_free, -error / usable, hit], axis=1)


def _resample_means(values: Doubles, resamples: int, seed: int) -> Iterator[Doubles]:
    """Yield the means of the rows of `values` `(n, m)` over resamples of n rows with replacement, part by part.

    The rows of a resample are counted first: counts times values is one product of matrices.
    """
    random = np.random.default_rng(seed)
    rows = len(values)
    largest = max(1, DRAWN_AT_ONCE // rows)
    for start in range(0, resamples, largest):
        size = min(largest, resamples - start)
        drawn = random.integers(rows, size=(size, rows)) + np.arange(size)[:, None] * rows
        counts = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows)
        yield counts.astype(np.float64) @ values / rows
