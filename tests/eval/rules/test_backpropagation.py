import pytest

from eval.rules.backpropagation import Backpropagation
from tests.support.rules import differentiate, half_squared_error, make_network


def test_backpropagation_is_the_gradient(batch):
    network = make_network(Backpropagation)
    for gradient, weights in zip(network.suggest(*batch), network.weights, strict=True):
        assert gradient == pytest.approx(differentiate(lambda: half_squared_error(network, *batch), weights), abs=1e-7)
