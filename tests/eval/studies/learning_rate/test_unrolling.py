import numpy as np
import pytest

from eval.studies.inputs import make_signals
from eval.studies.learning_rate.unrolling import Unrolled, descend, find_least, scan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def signals():
    return make_signals(300, 200)


@pytest.mark.parametrize("rate", [0.1, 0.9])
def test_the_slope_is_that_of_finite_differences(signals, rate):
    training = Unrolled(signals, 0, 12)
    losses, slope = training.run(rate)
    near = [training.run(rate + move, slope=False)[0].mean() for move in (1e-5, -1e-5)]
    assert slope == pytest.approx((near[0] - near[1]) / 2e-5, rel=1e-5)
    np.testing.assert_array_equal(losses, training.run(rate)[0])  # the same weights and rows each time


def test_descent_from_both_sides_and_a_grid_find_one_rate(signals):
    path = descend(signals, 0, starts=(1.0, 0.2), outer=40, rate=1.0, steps=10)
    grid = scan(signals, 0, rates=(0.1, 1.5, 15), steps=10)
    best = grid.figures["rate_of_least_mean_loss"]
    assert path.figures["rate_from_1"] == pytest.approx(best, abs=0.05)
    assert path.figures["rate_from_0.2"] == pytest.approx(best, abs=0.05)
    assert path.curves["rate_from_1"][0] == 1.0
    assert path.figures["mean_loss_from_1"] == pytest.approx(grid.figures["least_mean_loss"], abs=1e-3)


def test_the_least_point_is_that_of_a_parabola_inside_the_grid():
    grid = np.linspace(0, 1, 11)
    assert find_least(grid, (grid - 0.43) ** 2 + 2) == (pytest.approx(0.43), pytest.approx(2))
    assert find_least(grid, grid) == (0.0, 0.0)
    assert find_least(grid, -grid) == (1.0, -1.0)
