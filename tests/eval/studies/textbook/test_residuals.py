import numpy as np
import pytest

from eval.studies.inputs import make_signals
from eval.studies.lottery.tickets import TwoSets
from eval.studies.textbook.residuals import measure_blocks


@pytest.mark.parametrize(("normalised", "variance"), [(False, 2 - 1 / np.pi), (True, 1 - 1 / np.pi)])
def test_the_mean_square_of_a_block_is_exact_and_the_variance_over_rows_is_less(normalised, variance):
    sets = TwoSets(make_signals(400, 300), make_signals(10, 5))
    curves = measure_blocks(sets, 0, blocks=2, units=50, rows=100, networks=60, normalised=normalised).curves
    assert curves["theory"] == ([1, 2] if normalised else [2, 4])
    assert abs(curves["measured"][0] - curves["theory"][0]) < 3 * curves["error"][0]
    assert curves["measured"][1] == pytest.approx(curves["theory"][1], rel=0.1)
    assert curves["variance"][0] == pytest.approx(variance, rel=0.1)
