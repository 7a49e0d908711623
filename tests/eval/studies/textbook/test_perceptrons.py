import numpy as np
import pytest

from eval.studies.inputs import make_signals
from eval.studies.lottery.tickets import TwoSets
from eval.studies.textbook.perceptrons import augment, make_network, measure_depths, measure_random, measure_training
from eval.studies.textbook.study import STUDY, UNITS


@pytest.fixture(scope="module")
def sets():
    return TwoSets(make_signals(60, 40), make_signals(60, 40, seed=43))


def test_weights_start_as_he_draws_them_and_depths_have_as_many():
    network = make_network((300, 300), np.random.default_rng(0))
    for weights in network.weights:
        assert np.abs(weights[:-1]).max() <= np.sqrt(6 / (len(weights) - 1))
        assert weights[:-1].var() == pytest.approx(2 / (len(weights) - 1), rel=0.1)
        assert not weights[-1].any()
    sizes = [len(make_network([width] * depth, np.random.default_rng(0)).values) for depth, width in UNITS.items()]
    assert sizes == [15_208, 15_210, 15_235, 15_319]
    dense = STUDY.arms["mlp-285-135-60"].plan["units"]
    assert len(make_network(dense, np.random.default_rng(0)).values) == 59_065


def test_augmented_signals_are_shifted_around_and_scaled():
    x = np.arange(1.0, 81.0, dtype=np.float32).reshape(2, 40)
    more, labels = augment(x, np.array([3, 7]), np.random.default_rng(0))
    np.testing.assert_array_equal(more[:2], x)
    assert labels[:2].tolist() == [3, 7]
    for signal, label in zip(more[2:], labels[2:], strict=True):
        own = x[[3, 7].index(label)]
        scale = signal.max() / own.max()
        assert 0.8 <= scale <= 1.2
        np.testing.assert_allclose(np.roll(signal, -int(signal.argmax()) - 1) / scale, own, rtol=1e-5)


@pytest.mark.slow
def test_a_training_has_a_point_for_each_epoch(sets):
    plan = {"units": (20, 20), "epochs": 30, "rate": 0.05, "momentum": 0.9, "halved": 10, "batch_rows": 10}
    outcome = measure_training(sets, 0, augmented=False, **plan)
    train, test = outcome.curves["train_error"], outcome.curves["test_error"]
    assert len(train) == len(test) == 30
    assert train[-1] < 10 < train[0]
    assert outcome.figures["best_error"] == min(test)
    assert outcome.figures["fresh_error"] > train[-1]
    assert measure_training(sets, 0, augmented=True, **plan).curves["train_loss"] != outcome.curves["train_loss"]


@pytest.mark.slow
def test_random_data_and_depths_have_a_loss_for_each_curve(sets):
    plan = {"units": (30, 30), "epochs": 12, "rate": 0.02, "halved": 20, "batch_rows": 10}
    figures = measure_random(sets, 0, **plan).figures
    assert set(figures) == {"true", "inputs", "labels"}
    assert figures["true"] < figures["labels"]
    outcome = measure_depths(sets, 0, units=(9, 5), steps=20, rate=0.1, every=10)
    assert outcome.curves["at"] == [10, 20]
    assert set(outcome.figures) == {"loss_1", "loss_2"}
    assert all(outcome.curves[name][0] > last for name, last in outcome.figures.items())
