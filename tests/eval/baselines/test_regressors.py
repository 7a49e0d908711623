import numpy as np
import pytest

from eval import evaluate
from eval.baselines.regressors import (
    fit_linear,
    fit_linear_projected,
    fit_mean,
    fit_neighbours,
    fit_ridge,
    fit_trees,
    make_oracle,
)
from eval.ladder import keep_rows
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(1000, 300), FakeCodec(), "fake", seed=0)


def test_the_mean_is_the_null_and_the_oracle_the_floor(data):
    assert evaluate(fit_mean(data, 0), data).skill == pytest.approx(0, abs=1e-5)
    oracle = evaluate(make_oracle(data, 0), data)
    assert oracle.skill == pytest.approx(1)
    assert oracle.noise_free_mse == 0
    assert oracle.decoded_accuracy == 1


def test_the_linear_map_is_the_least_squares_one(data):
    model = fit_linear(data, 0)
    residual = data.train.y - model(data.train.x)
    assert np.abs(residual.mean(axis=0)).max() < 1e-5
    assert np.abs(residual.T @ data.train.x).max() / len(data.train) < 1e-5


def test_a_penalty_helps_where_rows_are_few(data):
    few = keep_rows(data, 8)
    assert evaluate(fit_ridge(few, 0), data).mse < evaluate(fit_linear(few, 0), data).mse


def test_a_projection_onto_the_class_weights_helps_and_leaves_the_classes(data):
    few = keep_rows(data, 8)
    plain, projected = (evaluate(fit(few, 0), data) for fit in (fit_linear, fit_linear_projected))
    assert projected.mse < plain.mse
    assert projected.decoded_accuracy == plain.decoded_accuracy


@pytest.mark.parametrize("rows", [2, 5, 9, 11, 12])
def test_neighbours_are_found_among_few_rows(rows, data):
    assert np.isfinite(evaluate(fit_neighbours(keep_rows(data, rows), 0), data).mse)


@pytest.mark.parametrize("fit", [fit_ridge, fit_neighbours, pytest.param(fit_trees, marks=pytest.mark.slow)])
def test_fitted_models_have_skill_and_are_reproducible(fit, data, monkeypatch):
    monkeypatch.setattr("eval.baselines.regressors.TREES", 40)
    score = evaluate(fit(data, 0), data)
    assert score.skill > 0.5
    assert evaluate(fit(data, 0), data) == score
