import numpy as np
import pytest

from eval.rules.network import Adam
from eval.studies.contrast.latents import (
    Contrast,
    estimate,
    find_ceiling,
    load_pairs,
    make_loss,
    measure_ceiling,
    measure_encoders,
)
from eval.studies.design.verdicts import judge_exact
from eval.studies.perceptron import Perceptron, Training

SHARES = np.array([0.5, 0.3, 0.2])


def test_the_ceiling_is_that_of_all_batches():
    assert find_ceiling(SHARES, 1) == 0
    assert find_ceiling(SHARES, 2) == pytest.approx(np.log(2) * (1 - np.square(SHARES).sum()))
    batches = np.stack(np.meshgrid(*[range(3)] * 4), axis=-1).reshape(-1, 4)
    same = (batches == batches[:, :1]).sum(axis=1)
    exact = np.log(4) - SHARES[batches].prod(axis=1) @ np.log(same)
    assert find_ceiling(SHARES, 4) == pytest.approx(exact)
    entropy = -SHARES @ np.log(SHARES)
    assert entropy - 0.01 < find_ceiling(SHARES, 1000) < entropy


@pytest.mark.slow
def test_a_critic_that_knows_the_classes_gets_the_ceiling():
    outcome = measure_ceiling(load_pairs(), 0, rows=(2, 32, 512), draws=100)
    measured, errors, theory = (np.array(outcome.curves[name]) for name in ("measured", "error", "theory"))
    assert judge_exact(measured, errors, theory).word == "holds"
    assert outcome.figures["entropy"] == pytest.approx(2.301, abs=0.001)


@pytest.mark.parametrize("turned", [False, True])
def test_the_slope_of_a_contrast_is_that_of_finite_differences(turned):
    own, other = np.random.default_rng(0).normal(size=(2, 5, 3))
    loss = make_loss(0.5, turned)
    slope = loss(own, other)[1]
    for place in ((0, 0), (3, 2)):
        move = np.zeros_like(own)
        move[place] = 1e-6
        difference = loss(own + move, other)[0].sum() - loss(own - move, other)[0].sum()
        assert slope[place] == pytest.approx(difference / 2e-6, abs=1e-6)
    assert loss(own, other)[0].sum() == pytest.approx(make_loss(0.5, not turned)(other, own)[0].sum())


def test_an_estimate_counts_rows_that_are_told_apart():
    network = Perceptron([4, 4], np.random.default_rng(0))
    network.weights[0][:] = np.eye(5, 4)
    x = np.eye(4, dtype=np.float32)
    plan = Contrast(4, 0.01, Training(0.1, 1, batch_rows=4))
    assert estimate(network, network, x, x, plan) == pytest.approx(np.log(4))
    assert estimate(network, network, x, np.ones_like(x), plan) == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
def test_encoders_learn_the_class_and_memorise_few_rows(monkeypatch):
    plan = {"widths": (8,), "train_rows": 64, "batch_rows": 64, "units": 32, "rate": 0.01, "temperature": 0.1}
    figures = measure_encoders(load_pairs(), 0, steps=40, **plan)
    assert figures.curves["train_estimate"][0] > 2.301 > figures.figures["ceiling"]
    assert figures.curves["estimate"][0] < figures.figures["ceiling"]
    monkeypatch.setattr(Adam, "step", lambda *_: None)
    untrained = measure_encoders(load_pairs(), 0, steps=1, **plan)
    assert untrained.curves["accuracy"][0] < figures.curves["accuracy"][0]
