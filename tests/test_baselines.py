import numpy as np
import pytest

from eval import evaluate
from eval.baselines import BASELINES, fit_baseline
from ld_data.builder import make_dataset
from ld_data.errors import UnknownNameError
from tests.fakes import FakeCodec, make_source


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(3000, 1000), FakeCodec(), "fake", seed=0)


def test_each_baseline_predicts_as_many_rows_as_it_is_given(data, monkeypatch):
    monkeypatch.setattr("eval.baselines.MLP_EPOCHS", 1)
    for name in BASELINES:
        assert np.asarray(fit_baseline(name, data)(data.test.x[:7])).shape == (7, 4)


def test_the_mean_has_no_skill(data):
    assert evaluate(fit_baseline("mean", data), data).skill == pytest.approx(0, abs=1e-5)


def test_the_linear_map_is_the_least_squares_one(data):
    model = fit_baseline("linear", data)
    residual = data.train.y - model(data.train.x)
    assert np.abs(residual.mean(axis=0)).max() < 1e-5
    assert np.abs(residual.T @ data.train.x).max() / len(data.train) < 1e-5


def test_the_mlp_beats_the_linear_map_and_is_reproducible(data):
    scores = {name: evaluate(fit_baseline(name, data), data) for name in BASELINES}
    assert scores["mlp"].skill > scores["linear"].skill > scores["mean"].skill
    assert evaluate(fit_baseline("mlp", data), data) == scores["mlp"]


def test_an_unknown_baseline_is_refused(data):
    with pytest.raises(UnknownNameError, match="mean, linear, mlp"):
        fit_baseline("transformer", data)
