"""Intervals of scores over test rows and seeds, and tie groups by a test paired over rows.

A figure of one model varies with the choice of test rows; the mean of several seeds also with the choice of seeds. The
two parts of an interval are added as squares (Zou and Donner, Statistics in Medicine 27, 2008: MOVER).
"""

import math
from collections.abc import Mapping, Sequence
from pkgutil import resolve_name
from statistics import NormalDist
from typing import Any

import numpy as np

from eval.kept.figures import LABELS, Spread
from eval.score import RowFigures, Score, mean_error, write_figure, write_with_error
from ld_data.typing import Doubles

CRITICAL = 4.0  # standard errors over rows: of 16,000 pairs of equal models one is told apart
NORMAL = NormalDist().inv_cdf(0.975)
# Two-sided quantiles of 95 % and 99.5 % of Student's t for the mean of 3 to 10 seeds: the service loads no scipy.
STUDENT_95 = (4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
STUDENT_995 = (14.089, 7.453, 5.598, 4.773, 4.317, 4.029, 3.833, 3.690)
DECIMALS = {"mse": 4, "skill": 3, "noise_free_mse": 4, "decoded_accuracy": 4}

Interval = tuple[float, float]


def measure_intervals(score: Score, rows: RowFigures, seeds: Sequence[Score]) -> dict[str, Interval]:
    """Return the 95 % interval of each figure of `LABELS`, given the means over seeds and the score of each seed.

    That of the decoded accuracy is Wilson's over rows, which also holds near 0 and 1.
    """
    errors = {
        "mse": score.standard_error,
        "skill": score.skill_standard_error,
        "noise_free_mse": mean_error(rows.noise_free),
    }
    intervals = {}
    for name in LABELS:
        value, margin = getattr(score, name), measure_margin([getattr(seed, name) for seed in seeds], STUDENT_95)
        below, above = _gap_wilson(value, score.rows) if name not in errors else (NORMAL * errors[name],) * 2
        intervals[name] = value - math.hypot(below, margin), value + math.hypot(above, margin)
    low, high = intervals["decoded_accuracy"]
    return intervals | {
        "noise_free_mse": (max(0.0, intervals["noise_free_mse"][0]), intervals["noise_free_mse"][1]),
        "decoded_accuracy": (max(0.0, low), min(1.0, high)),
    }


def measure_spread(spread: Spread, seeds: int) -> Interval | None:
    """Return the 95 % interval of a mean over seeds alone; None for fewer than three seeds, which do not show it."""
    if seeds < 3 or spread.std is None:
        return None
    margin = _find_quantile(STUDENT_95, seeds) * spread.std / math.sqrt(seeds)
    return spread.mean - margin, spread.mean + margin


def measure_student(std: Any, seeds: Any) -> Any:
    """Return half of the 95 % interval of means of seeds, by Student's t, given deviations and counts of any shape."""
    return resolve_name("scipy.special.stdtrit")(seeds - 1, 0.975) * std / np.sqrt(seeds)


def measure_margin(values: Sequence[float], quantiles: Sequence[float]) -> float:
    """Return how far the mean of the values of seeds may lie from that of all seeds; 0 for fewer than three."""
    return _find_quantile(quantiles, len(values)) * mean_error(np.array(values)) if len(values) >= 3 else 0.0


def rank_groups(means: Doubles, errors: Doubles, margins: Doubles) -> list[int]:
    """Return the rank, from 1, of each of m models, the best first: the members of a tie group share that of its first.

    A group goes on until a model can be told apart from one of its members. Two models are told apart if their means
    `(m,)` differ by more than `CRITICAL` standard errors of the difference of their row errors `(m, n)`, and more than
    the margins `(m,)` of their seeds, 0 for a single one, added as squares. The errors are overwritten. It takes
    m * m * n multiplications.
    """
    errors -= errors.mean(axis=1, keepdims=True)
    rows = errors.shape[1]
    covariance = errors @ errors.T / (rows * max(1, rows - 1))
    own = covariance.diagonal()
    variance = np.maximum(0.0, own[:, None] + own - 2 * covariance)  # of the difference of two means over rows
    allowed = np.sqrt(CRITICAL**2 * variance + np.square(margins)[:, None] + np.square(margins))
    apart = np.abs(means[:, None] - means) > allowed
    ranks, first = [], 0
    for place in range(len(means)):
        if apart[place, first:place].any():
            first = place
        ranks.append(first + 1)
    return ranks


def describe_figures(row: Mapping[str, Any], sign: str = "+-") -> list[str]:
    """Return MSE, skill, noise-free MSE and decoded accuracy of a board's row, each with half of its 95 % interval."""
    intervals = row["intervals"] or {}
    texts = []
    for name, decimals in DECIMALS.items():
        ends = intervals.get(name)
        half = None if ends is None else (ends[1] - ends[0]) / 2
        figure = row[name]
        texts.append(write_figure(figure, decimals) if half is None else write_with_error(figure, half, decimals, sign))
    return texts


def _gap_wilson(share: float, rows: int) -> Interval:
    """Return how far the ends of Wilson's 95 % interval lie below and above a share of rows."""
    square = NORMAL**2 / rows
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return share - (middle - half), middle + half - share


def _find_quantile(quantiles: Sequence[float], seeds: int) -> float:
    return quantiles[min(seeds - 3, len(quantiles) - 1)]  # of the last for more seeds: a little wide
