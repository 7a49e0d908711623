import numpy as np
import pytest

from eval.rules.backpropagation import Backpropagation
from eval.rules.hebbian import SHARPNESS, Hebbian
from eval.rules.network import apply
from tests.support.rules import make_network

SIZES = (5, 4, 3)


def test_hidden_activity_is_the_softmax_of_the_sums_with_a_mean_of_1(batch):
    network = make_network(Hebbian, SIZES)
    hidden = network.run(batch[0])[1]
    expected = np.exp(SHARPNESS * apply(network.weights[0], batch[0]))
    assert hidden == pytest.approx(4 * expected / expected.sum(axis=1, keepdims=True))


def test_lengths_of_weights_settle_at_1(batch):
    """Along w the change is the mean of s u (|w|^2 - 1), so that it ends at length 1."""
    network = make_network(Hebbian, SIZES)
    network.weights[0][-1] = 0
    change, weights = network.suggest(*batch)[0], network.weights[0]
    hidden, sums = network.run(batch[0])[1], batch[0] @ weights[:-1]
    lengths = np.square(weights[:-1]).sum(axis=0)
    assert (weights * change).sum(axis=0) == pytest.approx((hidden * sums).mean(axis=0) * (lengths - 1))
    assert not change[-1].any()


def test_the_output_learns_by_the_delta_rule(batch):
    network = make_network(Hebbian, SIZES)
    head = Backpropagation((4, 3), np.random.default_rng(0))
    head.weights = network.weights[1:]
    assert network.suggest(*batch)[1] == pytest.approx(head.suggest(network.run(batch[0])[1], batch[1])[0])


def test_units_find_the_directions_of_clusters(monkeypatch):
    monkeypatch.setattr("eval.rules.hebbian.SHARPNESS", 4.0)
    random = np.random.default_rng(0)
    directions = np.linalg.qr(random.normal(size=(6, 3)))[0].T
    x = 2 * directions[random.integers(0, 3, 600)] + random.normal(0, 0.1, (600, 6))
    network = Hebbian((6, 8, 2), random)
    for _ in range(300):
        network.weights[0] = network.weights[0] - 0.05 * network.suggest(x, np.zeros((600, 2)))[0]
    weights = network.weights[0][:-1]
    assert (directions @ weights / np.linalg.norm(weights, axis=0)).max(axis=1).min() > 0.95
