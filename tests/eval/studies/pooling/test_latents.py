"""The exact formula of projections, and the number of rows at which they stop to help."""

import numpy as np
import pytest

import ld_data
from eval.studies.design.verdicts import judge_exact
from eval.studies.inputs import RELEASE, load_latents
from eval.studies.pooling.latents import CLASS_DIRECTIONS, find_directions, interpolate, measure_projection
from tests.support.studies import make_latents

ROWS = (150, 500, 1_500)


def judge_points(outcome, factor=1.0):
    measured, errors, theory = (np.array(outcome.curves[name]) for name in ("measured", "error", "theory"))
    return judge_exact(measured, errors, factor * theory).word


def test_a_crossing_is_found_where_two_predictions_are_equal():
    directions = find_directions(make_latents())
    rows = directions.find_crossing(1, 3)
    assert directions.predict_excess(1, rows) == pytest.approx(directions.predict_excess(3, rows))


def test_a_crossing_is_interpolated_as_the_formula_falls():
    rows = (100, 200, 400, 800)
    assert interpolate(np.array([1 / (count - 5) - 1 / 300 for count in rows]), rows, 4) == pytest.approx(305)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [5, 32])
def test_the_excess_of_a_projection_is_exact_for_a_teacher(kept):
    outcome = measure_projection(load_latents(), 0, kept=kept, rows=ROWS, draws=60, teacher=True)
    assert judge_points(outcome) == "holds"
    assert judge_points(outcome, factor=1.5) == "fails"


@pytest.mark.slow
def test_projections_of_the_release_cross_where_predicted():
    outcome = measure_projection(load_latents(), 0, kept=5, rows=(500, 1_000, 2_000, 4_000), draws=20, teacher=False)
    assert outcome.figures["crossing_ratio"] == pytest.approx(1, abs=0.15)
    assert outcome.figures["predicted_crossing"] == pytest.approx(1_893, abs=1)


@pytest.mark.slow
def test_the_first_nine_directions_are_those_of_the_class_means():
    axes = find_directions(load_latents()).axes[:, :CLASS_DIRECTIONS]
    means = ld_data.load(RELEASE).class_mean
    assert np.linalg.norm(means @ axes) == pytest.approx(np.linalg.norm(means), rel=0.01)
