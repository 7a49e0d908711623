"""The exact formulas on real latents: the sharpest test of the release's x, of the noise and of the arms."""

import numpy as np
import pytest

from eval.studies.design.verdicts import judge_exact
from eval.studies.double_descent.claims import NEAR
from eval.studies.double_descent.latents import measure_parameters, measure_rows, measure_threshold, predict_error
from eval.studies.inputs import load_latents

pytestmark = pytest.mark.slow


def judge_points(outcome, middle):
    at, measured, errors, theory = (np.array(outcome.curves[name]) for name in ("at", "measured", "error", "theory"))
    assert (np.abs(at - middle) >= NEAR).all()
    return judge_exact(measured, errors, theory)


def test_the_formula_diverges_at_the_threshold_and_falls_on_both_sides():
    assert predict_error(100, 0, 0.5, 1.0) == 1.0
    assert predict_error(64, 32, 0.0, 1.0) == pytest.approx(1 + 32 / 31)
    assert predict_error(64, 128, 0.5, 1.0) == pytest.approx(0.25 + 1 + 64 / 63)
    assert predict_error(64, 66, 0.5, 1.0) > 60


def test_least_squares_over_parameters_have_the_exact_error():
    outcome = measure_parameters(load_latents(), 0, rows=64, parameters=(8, 32, 56, 72, 96, 200), draws=25)
    assert judge_points(outcome, 64).word == "holds"


def test_least_squares_over_rows_have_the_exact_error_for_a_teacher_and_nearly_for_the_release():
    exact = measure_rows(load_latents(), 0, rows=(8, 16, 24, 48, 64, 128), draws=60, teacher=True)
    assert judge_points(exact, 32).word == "holds"
    release = measure_rows(load_latents(), 0, rows=(8, 64, 128), draws=40, teacher=False)
    assert release.figures["worst_ratio"] < 0.03


def test_a_wrong_theory_is_found():
    outcome = measure_rows(load_latents(), 0, rows=(16, 48, 64, 128), draws=40, teacher=True)
    wrong = outcome.curves | {"theory": [predict_error(n, 32, 0.0, 1.0) for n in (16, 48, 64, 128)]}
    measured, errors, theory = (np.array(wrong[name]) for name in ("measured", "error", "theory"))
    assert judge_exact(measured, errors, theory).word == "fails"


def test_a_network_peaks_where_it_has_as_many_parameters_as_targets():
    outcome = measure_threshold(load_latents(), 0, outputs=1, widths=(2, 7, 30), rows=300, steps=2_000, rate=0.01)
    assert 5 < outcome.figures["peak_width"] < 12  # h = 7.4 has 300 parameters
    train, test = (outcome.curves[f"{part}_loss"] for part in ("train", "test"))
    assert train[-1] < 0.1
    assert train[0] > 0.5
    assert max(test) == outcome.figures["peak_loss"] > 1.5 * max(test[0], test[-1])
