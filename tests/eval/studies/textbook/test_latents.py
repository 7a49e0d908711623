"""Permuted y is learned by heart: exactly for least squares, and up to the number of targets for networks."""

import numpy as np
import pytest

from eval.studies.design.verdicts import judge_exact
from eval.studies.inputs import load_latents
from eval.studies.textbook.latents import measure_memory, measure_permuted

pytestmark = pytest.mark.slow


def test_least_squares_leave_an_exact_share_of_permuted_y():
    outcome = measure_permuted(load_latents(), 0, rows=64, parameters=(8, 32, 48, 63), draws=50)
    measured, errors, theory = (np.array(outcome.curves[name]) for name in ("measured", "error", "theory"))
    assert judge_exact(measured, errors, theory).word == "holds"
    assert judge_exact(measured, errors, theory[::-1]).word == "fails"
    assert outcome.figures["left"] == 0


def test_networks_need_as_many_weights_as_targets():
    outcome = measure_memory(load_latents(), 0, outputs=1, widths=(2, 30), rows=200, steps=2_000, rate=0.01)
    assert outcome.curves["at"] == [0.375, 9.755]
    few, many = outcome.curves["train_loss"]
    assert few > 0.3
    assert many < 0.05
