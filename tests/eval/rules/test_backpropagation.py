import pytest

from eval.rules.backpropagation import Backpropagation, RandomFeatures
from tests.support.rules import differentiate, half_squared_error, make_network


def test_backpropagation_is_the_gradient(batch):
    network = make_network(Backpropagation)
    for gradient, weights in zip(network.suggest(*batch), network.weights, strict=True):
        assert gradient == pytest.approx(differentiate(lambda: half_squared_error(network, *batch), weights), abs=1e-7)


def test_random_features_learn_their_output_layer_alone(batch):
    *hidden, output = make_network(RandomFeatures).suggest(*batch)
    assert not any(change.any() for change in hidden)
    assert (output == make_network(Backpropagation).suggest(*batch)[-1]).all()
