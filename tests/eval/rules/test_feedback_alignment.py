import numpy as np
import pytest

from eval.rules.backpropagation import Backpropagation
from eval.rules.feedback_alignment import (
    BatchSignSymmetry,
    DirectFeedbackAlignment,
    DirectRandomTargetProjection,
    FeedbackAlignment,
    FixedSignSymmetry,
    UniformSignSymmetry,
)
from tests.support.rules import SIZES, make_network, measure_cosine

SIGN_SYMMETRIES = (UniformSignSymmetry, FixedSignSymmetry, BatchSignSymmetry)


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


@pytest.mark.parametrize(
    "rule", [FeedbackAlignment, DirectFeedbackAlignment, DirectRandomTargetProjection, *SIGN_SYMMETRIES]
)
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


def test_target_projection_is_direct_feedback_while_the_output_is_0(batch):
    networks = [make_network(rule) for rule in (DirectRandomTargetProjection, DirectFeedbackAlignment)]
    for network in networks:
        network.weights[-1][:] = 0
    for first, second in zip(*(network.suggest(*batch) for network in networks), strict=True):
        assert first == pytest.approx(second)


def test_target_projection_needs_no_output(batch):
    network = make_network(DirectRandomTargetProjection)
    before = network.suggest(*batch)
    network.weights[-1] += 1
    after = network.suggest(*batch)
    assert all((first == second).all() for first, second in zip(before[:-1], after[:-1], strict=True))
    assert (before[-1] != after[-1]).all()


@pytest.mark.parametrize("rule", SIGN_SYMMETRIES)
def test_feedback_has_the_signs_of_the_weights_and_a_magnitude_of_its_own(rule, batch):
    network = make_network(rule)
    drawn = []
    for _ in range(2):
        network.weights = [-weights for weights in network.weights]
        network.suggest(*batch)
        for feedback, magnitudes, weights in zip(network.feedback, network.magnitudes, network.weights, strict=True):
            assert (feedback == np.sign(weights[:-1]).T * magnitudes.T).all()
            assert (magnitudes > 0).all()
        drawn.append(network.magnitudes[1])
    assert (len(np.unique(drawn[0])) == 1) == (rule is UniformSignSymmetry)
    assert (drawn[0] == drawn[1]).all() == (rule is not BatchSignSymmetry)


def test_uniform_sign_symmetry_is_backpropagation_where_weights_have_one_magnitude(batch):
    network, exact = make_network(UniformSignSymmetry), make_network(Backpropagation)
    for own in (network, exact):
        own.weights = [
            np.sign(weights) * magnitudes[0, 0]
            for weights, magnitudes in zip(own.weights, network.magnitudes, strict=True)
        ]
    for suggested, gradient in zip(network.suggest(*batch), exact.suggest(*batch), strict=True):
        assert suggested == pytest.approx(gradient)


@pytest.mark.parametrize("rule", SIGN_SYMMETRIES)
def test_sign_symmetry_has_the_cosines_of_theory_in_a_wide_network(rule):
    """For normal weights: the root of 2/pi, times the mean magnitude over its root mean square; once for each layer."""
    network, exact = (make_network(own, (20, 150, 150, 20)) for own in (rule, Backpropagation))
    random = np.random.default_rng(1)
    network.weights = [0.1 * weights for weights in network.weights]  # so that the units stay linear
    exact.weights = network.weights
    batch = random.normal(size=(200, 20)), random.normal(size=(200, 20))
    suggested, gradient = network.suggest(*batch), exact.suggest(*batch)
    theory = np.sqrt(2 / np.pi) * (1 if rule is UniformSignSymmetry else np.sqrt(3) / 2)
    assert measure_cosine(network.feedback[1], network.weights[1][:-1].T) == pytest.approx(theory, abs=0.02)
    cosines = [measure_cosine(*pair) for pair in zip(suggested, gradient, strict=True)]
    assert cosines == pytest.approx([theory**2, theory, 1], abs=0.04)
