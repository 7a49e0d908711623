"""Alignment against theory: Lillicrap et al., 2016; Liao, Leibo and Poggio, 2016."""

import numpy as np
import pytest

from eval.report.alignment import find_gradient, measure_angles, measure_cosine, probe
from eval.rules.backpropagation import Backpropagation
from eval.rules.equilibrium_propagation import EquilibriumPropagation
from eval.rules.feedback_alignment import DirectFeedbackAlignment, FeedbackAlignment, FixedSignSymmetry
from eval.rules.forward_forward import ForwardForward, MonoForward
from eval.rules.hebbian import Hebbian
from ld_data.errors import InputError
from tests.support.rules import SIZES, differentiate, half_squared_error, make_network

NETWORKS = 60


def measure_hidden_cosines(rule, batch):
    """The cosines of the hidden layers `(networks, 2)` at random weights."""
    x, y = batch
    networks = [make_network(rule, seed=seed) for seed in range(NETWORKS)]
    return np.array([probe(network, network.suggest(x, y), x, y, 1).cosines[:-1] for network in networks])


def test_backpropagation_is_aligned_at_every_layer(batch):
    x, y = batch
    network = make_network(Backpropagation)
    found = probe(network, network.suggest(x, y), x, y, 7)
    assert found.step == 7
    assert found.cosines == pytest.approx((1, 1, 1))
    assert found.ratios == pytest.approx((1, 1, 1))
    assert found.angles == ()


def test_feedback_alignment_is_not_aligned_at_random_weights(batch):
    cosines = measure_hidden_cosines(FeedbackAlignment, batch)
    errors = cosines.std(axis=0, ddof=1) / np.sqrt(NETWORKS)
    assert (np.abs(cosines.mean(axis=0)) < 3 * errors).all()
    assert (errors < 0.1).all()


def test_sign_symmetry_lies_between_random_feedback_and_the_gradient(batch):
    cosines = measure_hidden_cosines(FixedSignSymmetry, batch).mean(axis=0)
    assert (cosines > 0.2).all()
    assert (cosines < 0.99).all()


def test_the_gradient_is_that_of_the_squared_error(batch):
    x, y = batch
    network = make_network(FeedbackAlignment)
    gradient = find_gradient(network, x, y)
    exact = differentiate(lambda: half_squared_error(network, x, y), network.weights[0])
    assert gradient[0] == pytest.approx(exact, abs=1e-7)


@pytest.mark.parametrize(
    ("rule", "units"),
    [(EquilibriumPropagation, (4, 3)), (ForwardForward, (5, 4)), (MonoForward, (5, 4)), (Hebbian, (5, 4))],
)
def test_rules_with_another_forward_pass_have_the_gradient_of_their_own_error(rule, units, data):
    x, y = (own[:20].astype(np.float64) for own in (data.train.x, data.train.y))
    network = rule.make_for(data, units, np.random.default_rng(0))
    network.class_mean = data.class_mean.astype(np.float64)
    random = np.random.default_rng(1)
    network.weights = [weights + random.normal(0, 0.2, weights.shape) for weights in network.weights]
    gradient = find_gradient(network, x, y)
    assert len(gradient) == network.layers
    for own, weights in zip(gradient, network.weights, strict=False):
        exact = differentiate(lambda: half_squared_error(network, x, y), weights)
        assert own == pytest.approx(exact, abs=1e-7)


def test_a_network_that_answers_otherwise_has_no_gradient(batch):
    x, y = batch
    network = make_network(Backpropagation)
    suggestion, network.predict = network.suggest(x, y), lambda x: np.ones((len(x), SIZES[-1]))
    assert probe(network, suggestion, x, y, 1) is None
    network.differentiate = lambda x, y: network.weights[:2]
    with pytest.raises(InputError, match=r"differentiate must return arrays of the shapes \[\(6, 7\), .*received"):
        probe(network, suggestion, x, y, 1)


def test_a_class_of_another_kind_may_have_layers_of_its_own_and_any_weights(batch):
    class Plain:
        layers = ("first", "second")

    x, y = batch
    network, twin = Plain(), make_network(Backpropagation)
    network.weights, network.predict = twin.weights, twin.predict
    assert len(find_gradient(network, x, y)) == len(twin.weights)
    network.weights = [np.array(1.0), np.ones(3)]
    assert find_gradient(network, x, y) is None


def test_a_zero_array_has_no_cosine(batch):
    x, y = batch
    network = FeedbackAlignment(SIZES, np.random.default_rng(0))  # begins at 0, so no gradient reaches hidden layers
    found = probe(network, network.suggest(x, y), x, y, 1)
    assert found.cosines[:2] == (None, None)
    assert found.ratios[:2] == (None, None)
    assert found.angles == (None, None)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_has_no_cosine_and_no_ratio(batch, bad):
    x, y = batch
    network = make_network(Backpropagation)
    network.differentiate = lambda x, y: [weights * bad for weights in network.weights]
    with np.errstate(invalid="ignore"):
        found = probe(network, network.suggest(x, y), x, y, 1)
    assert (found.cosines, set(found.ratios) <= {None, 0.0}) == ((None, None, None), True)


def test_feedback_is_compared_with_the_transposed_weights():
    layered, direct = make_network(FeedbackAlignment), make_network(DirectFeedbackAlignment)
    layered.feedback = [weights[:-1].T * 3 for weights in layered.weights]
    direct.feedback = [-(direct.weights[1][:-1] @ direct.weights[2][:-1]).T, direct.weights[2][:-1].T]
    assert measure_angles(layered) == pytest.approx((0, 0), abs=1e-5)
    assert measure_angles(direct) == pytest.approx((180, 0), abs=1e-5)
    direct.feedback = [np.ones((2, 2))] * 2  # in no known form
    assert measure_angles(direct) == ()


def test_cosines_stay_within_their_range():
    assert measure_cosine(np.full(3, 0.1), np.full(3, 0.1)) <= 1
    assert measure_cosine(np.array([1.0, 0]), np.array([0, 2.0])) == 0
