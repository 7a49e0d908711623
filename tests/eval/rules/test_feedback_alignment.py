import numpy as np
import pytest

from eval.rules.backpropagation import Backpropagation
from eval.rules.feedback_alignment import DirectFeedbackAlignment, FeedbackAlignment
from tests.support.rules import SIZES, make_network, measure_cosine


def test_feedback_through_the_own_weights_is_backpropagation(batch):
    network, exact = make_network(FeedbackAlignment), make_network(Backpropagation)
    network.feedback = [weights[:-1].T for weights in network.weights]
    for suggested, gradient in zip(network.suggest(*batch), exact.suggest(*batch), strict=True):
        assert suggested == pytest.approx(gradient)


def test_direct_feedback_of_one_hidden_layer_is_feedback_alignment(batch):
    sizes = (SIZES[0], 8, SIZES[-1])
    direct, layered = make_network(DirectFeedbackAlignment, sizes), make_network(FeedbackAlignment, sizes)
    direct.feedback = [layered.feedback[1]]
    for first, second in zip(direct.suggest(*batch), layered.suggest(*batch), strict=True):
        assert first == pytest.approx(second)


@pytest.mark.parametrize("rule", [FeedbackAlignment, DirectFeedbackAlignment])
def test_the_output_layer_learns_from_its_own_error(rule, batch):
    network, exact = make_network(rule), make_network(Backpropagation)
    layers = network.layers
    exact.weights = network.weights[:layers]
    assert network.suggest(*batch)[layers - 1] == pytest.approx(exact.suggest(*batch)[-1])


@pytest.mark.slow
@pytest.mark.parametrize("rule", [FeedbackAlignment, DirectFeedbackAlignment])
@pytest.mark.parametrize("seed", range(3))
def test_forward_weights_align_with_the_feedback_until_it_teaches(rule, seed):
    """The law of both papers, in their setting: plain steps down the error of targets without noise."""
    random = np.random.default_rng(seed)
    network = rule((10, 30, 20, 5), random)
    x = random.normal(size=(200, 10))
    y = x @ random.normal(size=(10, 5)) / 3
    for _ in range(1000):
        changes = network.suggest(x, y)
        network.weights = [weights - 0.1 * change for weights, change in zip(network.weights, changes, strict=True)]
    exact = Backpropagation((10, 30, 20, 5), random)
    exact.weights = network.weights
    top = network.layers - 2
    assert measure_cosine(network.weights[-1][:-1].T, network.feedback[-1].reshape(5, 20)) > 0.2
    assert measure_cosine(network.suggest(x, y)[top], exact.suggest(x, y)[top]) > 0.3


def test_feedback_alignment_starts_at_0_and_moves_every_layer(batch):
    network = FeedbackAlignment(SIZES, np.random.default_rng(0))
    assert not any(weights.any() for weights in network.weights)
    for _ in range(3):
        changes = network.suggest(*batch)
        network.weights = [weights - 0.1 * change for weights, change in zip(network.weights, changes, strict=True)]
    assert all(weights[:-1].any() for weights in network.weights)
