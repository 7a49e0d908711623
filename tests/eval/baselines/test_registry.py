from pkgutil import resolve_name

import numpy as np
import pytest

from eval import evaluate
from eval.baselines.registry import LEARNING_RATES, find_best, fit_baseline, list_rates, score_baseline, tune_rule
from eval.names import BASELINES, RULES
from ld_data.errors import InputError, UnknownNameError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source
from vae.runtime.cell_solver import make_cells

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(300, 100), FakeCodec(y=make_cells(np.ones(3), 4)), "fake", seed=0)


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_scores(name, data, monkeypatch):
    """Without training of those in Keras: the tests of perceptrons train them."""
    monkeypatch.setattr("eval.baselines.perceptrons.fit_model", lambda *_: None)
    monkeypatch.setattr("eval.baselines.regressors.TREES", 5)
    assert evaluate(fit_baseline(name, data, 0), data).rows == 100


def test_a_seed_decides_the_score(data):
    scores = [score_baseline("backpropagation", data, seed) for seed in (0, 1, 0)]
    assert scores[0] == scores[2] != scores[1]


def test_a_rule_is_tuned_on_held_out_rows(data, monkeypatch):
    monkeypatch.setattr("eval.baselines.registry.FURTHER_RATES", 0)
    errors = tune_rule("backpropagation", data)
    assert tuple(errors) == LEARNING_RATES
    assert all(0 < error < 20 for error in errors.values())
    assert len(set(errors.values())) == len(LEARNING_RATES)


def test_rates_beyond_a_best_end_are_tried_one_by_one():
    falling = {rate: -rate for rate in LEARNING_RATES}
    assert list_rates(falling) == (0.3,)
    assert list_rates(falling | {0.3: -0.05}) == ()
    assert list_rates({rate: rate for rate in LEARNING_RATES}) == (3e-5,)
    failed = dict.fromkeys(LEARNING_RATES, np.inf)
    assert list_rates(failed) == list_rates(dict(reversed(failed.items()))) == (3e-5,)
    assert list_rates(failed | {1e-3: 0.5}) == ()
    assert find_best((np.nan, 0.5, np.inf)) == 0.5
    assert find_best((np.nan,)) == np.inf
    assert list_rates(falling | {0.3: -0.3, 1.0: -1.0, 3.0: -3.0}) == (10.0,)
    assert list_rates(falling | {0.3: -0.3, 1.0: -1.0, 3.0: -3.0, 10.0: -10.0}) == ()


def test_the_rates_in_use_are_in_the_list_of_tuning():
    assert len(RULES) >= 8
    assert {resolve_name(f"eval.{path}").plan.learning_rate for path in RULES.values()} <= set(LEARNING_RATES)


def test_an_unknown_baseline_is_refused(data):
    with pytest.raises(UnknownNameError, match="mean, linear, linear-projected"):
        fit_baseline("none", data)


def test_y_is_not_drawn_anew_from_cells_that_are_none():
    gaussian = make_dataset(make_source(), FakeCodec(), "gauss", seed=0)
    with pytest.raises(InputError, match="the y of gauss come from the Gaussians of a trained class VAE, not cells"):
        fit_baseline("mlp-redrawn", gaussian)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5])
@pytest.mark.parametrize("call", [fit_baseline, tune_rule])
def test_a_seed_beyond_the_limit_of_one_baseline_is_refused_by_all(call, seed, data):
    with pytest.raises(InputError, match="seed must be"):
        call("backpropagation", data, seed)


@pytest.mark.parametrize("name", ["linear", "none"])
def test_a_baseline_without_a_learning_rate_cannot_be_tuned(name, data):
    with pytest.raises(
        UnknownNameError, match=rf"{name} has no learning rate to tune\. These have one: backpropagation"
    ):
        tune_rule(name, data)
