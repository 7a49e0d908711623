"""Intervals and tie groups against simulations whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, t

from eval.intervals import STUDENT_95, STUDENT_995, measure_intervals, measure_margin, measure_spread, rank_groups
from eval.kept.figures import Spread
from eval.score import RowFigures, Score, mean_error

ROWS = 400
SCORE = Score("ld-a-4", "5ha", ROWS, 0.95, 0.01, 1.0, 0.9, 0.5, 0.02, 0.25, 0.875, (0.5,))


def draw_errors(random, seeds=1, shift=0.0, row_spread=0.1, seed_spread=0.0, shared=0.0):
    """Errors `(seeds, ROWS)` of mean 1 + shift: of rows, of seeds and of both, on rows of a `shared` difficulty."""
    own = random.normal(0, row_spread, ROWS) + random.normal(0, 0.05, (seeds, ROWS))
    return 1 + shift + shared + own + random.normal(0, seed_spread, (seeds, 1))


def cover(errors):
    """Return whether the interval of the MSE holds the true mean, 1."""
    mean, empty = errors.mean(axis=0), np.zeros(ROWS)
    score = replace(SCORE, mse=mean.mean(), standard_error=mean_error(mean), noise_free_mse=mean.mean())
    seeds = [replace(SCORE, mse=own.mean(), noise_free_mse=own.mean()) for own in errors]
    intervals = measure_intervals(score, RowFigures(mean, empty, empty, mean, empty), seeds)
    assert intervals["noise_free_mse"] == pytest.approx(intervals["mse"])
    return intervals["mse"][0] <= 1 <= intervals["mse"][1]


def split(random, models, **options):
    """Return the ranks of models, the best first, on rows that they share, the last one shifted."""
    shift = options.pop("shift", 0.0)
    shared = random.normal(0, 0.5, ROWS)
    boards = [draw_errors(random, shift=shift * (i == models - 1), shared=shared, **options) for i in range(models)]
    boards.sort(key=lambda errors: errors.mean())
    margins = [measure_margin(errors.mean(axis=1), STUDENT_995) for errors in boards]
    means = np.array([errors.mean() for errors in boards])
    return rank_groups(means, np.array([errors.mean(axis=0) for errors in boards]), np.array(margins))


def test_the_quantiles_are_those_of_student():
    for level, quantiles in ((0.975, STUDENT_95), (0.9975, STUDENT_995)):
        np.testing.assert_allclose(quantiles, t.ppf(level, np.arange(2, 10)), atol=5e-4)


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize(("seeds", "seed_spread"), [(1, 0.0), (3, 0.0), (3, 0.05), (5, 0.005), (10, 0.05)])
def test_an_interval_holds_the_truth_19_times_of_20(seeds, seed_spread):
    random = np.random.default_rng(2)
    held = np.mean([cover(draw_errors(random, seeds, seed_spread=seed_spread)) for _ in range(1000)])
    assert 0.93 <= held <= 0.99


def test_the_interval_of_an_accuracy_is_wilson_s_and_wider_over_seeds():
    for share in (0.0, 0.5, 1.0):
        score, empty = replace(SCORE, decoded_accuracy=share), np.zeros(ROWS)
        rows = RowFigures(empty, empty, empty, empty, empty)
        wilson = binomtest(round(ROWS * share), ROWS).proportion_ci(0.95, "wilson")
        found = measure_intervals(score, rows, [score])["decoded_accuracy"]
        assert found == pytest.approx((wilson.low, wilson.high))
        seeds = [replace(score, decoded_accuracy=each) for each in (share, share - 0.1, share + 0.1)]
        low, high = measure_intervals(score, rows, seeds)["decoded_accuracy"]
        assert 0 <= low <= found[0] < found[1] <= high <= 1


def test_a_mean_over_seeds_alone_has_an_interval_from_three_on():
    assert measure_spread(Spread(0.5, None), 1) is None
    assert measure_spread(Spread.of([0.4, 0.6]), 2) is None
    low, high = measure_spread(Spread.of([0.4, 0.5, 0.6]), 3)
    assert (low + high, high - low) == pytest.approx((1.0, 2 * 4.303 * 0.1 / np.sqrt(3)))


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize("options", [{}, {"seeds": 3, "seed_spread": 0.05}, {"seeds": 5, "seed_spread": 0.05}])
def test_a_board_of_ten_equal_models_is_split_in_less_than_one_of_twenty(options):
    random = np.random.default_rng(0)
    assert np.mean([split(random, 10, **options)[-1] > 1 for _ in range(500)]) < 0.05


@pytest.mark.parametrize(
    ("shift", "options"),
    [
        (0.06, {}),  # 8 standard errors of a paired difference; the rows themselves spread by 0.5, and hide it unpaired
        (0.4, {"seeds": 5, "seed_spread": 0.05}),  # 8 deviations of the seeds
    ],
)
def test_a_model_that_is_clearly_worse_is_always_split_off(shift, options):
    random = np.random.default_rng(1)
    found = [split(random, 5, shift=shift, **options) for _ in range(200)]
    assert np.mean([ranks == [1, 1, 1, 1, 5] for ranks in found]) > 0.97


def test_a_group_ends_where_two_of_its_members_would_differ():
    """Each model is 3 standard errors behind the one before it, so that every second begins a group."""
    random = np.random.default_rng(2)
    errors = random.normal(size=(7, ROWS))
    errors = np.linalg.qr((errors - errors.mean(axis=1, keepdims=True)).T)[0].T * np.sqrt(ROWS - 1)
    means = np.arange(7) * 3 * np.sqrt(2 / ROWS)
    assert rank_groups(means, errors.copy(), np.zeros(7)) == [1, 1, 3, 3, 5, 5, 7]
    assert rank_groups(means, errors.copy(), np.array([1.0, 0, 0, 0, 0, 0, 0])) == [1, 1, 1, 4, 4, 6, 6]
    assert rank_groups(np.zeros(2), np.ones((2, 1)), np.zeros(2)) == [1, 1]
