import numpy as np
import pytest

from eval.rules.backpropagation import Backpropagation
from eval.rules.network import apply
from eval.rules.target_propagation import STEP, DifferenceTargetPropagation
from tests.support.rules import SIZES, make_network, measure_cosine


def test_the_output_layer_learns_from_its_own_error(batch):
    network, exact = make_network(DifferenceTargetPropagation), make_network(Backpropagation)
    layers = network.layers
    exact.weights = network.weights[:layers]
    assert network.suggest(*batch)[layers - 1] == pytest.approx(exact.suggest(*batch)[-1])


def test_inverses_learn_to_reconstruct_their_inputs(batch):
    network = make_network(DifferenceTargetPropagation)
    x, y = batch
    errors = []
    for _ in range(400):
        activity = network.run(x)
        errors.append(np.square(np.tanh(apply(network.weights[network.layers], activity[2])) - activity[1]).mean())
        network.weights[network.layers] -= 0.5 * network.suggest(x, y)[network.layers]
    assert errors[-1] < 0.3 * errors[0]


def test_the_top_target_is_a_step_down_the_gradient(batch):
    network, exact = make_network(DifferenceTargetPropagation), make_network(Backpropagation)
    exact.weights = network.weights[: network.layers]
    top = network.layers - 2
    assert network.suggest(*batch)[top] == pytest.approx(STEP * exact.suggest(*batch)[top])


def test_without_a_step_no_layer_moves_even_with_a_bad_inverse(batch, monkeypatch):
    """The difference correction of the paper: the error of an inverse does not count as an error of the layer."""
    monkeypatch.setattr("eval.rules.target_propagation.STEP", 0.0)
    for gradient in make_network(DifferenceTargetPropagation).suggest(*batch)[: len(SIZES) - 2]:
        assert gradient == pytest.approx(0, abs=1e-12)


def test_targets_through_learned_inverses_point_along_the_gradient(batch):
    network, exact = make_network(DifferenceTargetPropagation), make_network(Backpropagation)
    exact.weights = network.weights[: network.layers]
    cosines = [measure_cosine(network.suggest(*batch)[0], exact.suggest(*batch)[0])]
    for _ in range(300):
        network.weights[network.layers] -= 0.5 * network.suggest(*batch)[network.layers]
    cosines.append(measure_cosine(network.suggest(*batch)[0], exact.suggest(*batch)[0]))
    assert cosines[1] > max(0.3, cosines[0])
