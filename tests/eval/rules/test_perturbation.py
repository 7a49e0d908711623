import numpy as np
import pytest

from eval.rules.backpropagation import Backpropagation
from eval.rules.perturbation import NodePerturbation, WeightPerturbation
from tests.support.rules import SIZES, make_network


@pytest.mark.parametrize("rule", [NodePerturbation, WeightPerturbation])
@pytest.mark.parametrize("sizes", [(SIZES[0], SIZES[-1]), SIZES])
def test_the_mean_change_is_the_gradient_within_its_standard_error(rule, sizes, batch):
    network, exact = make_network(rule, sizes), make_network(Backpropagation, sizes).suggest(*batch)
    changes = [network.suggest(*batch) for _ in range(1000)]
    for drawn, gradient in zip(zip(*changes, strict=True), exact, strict=True):
        mean, error = np.mean(drawn, axis=0), np.std(drawn, axis=0) / np.sqrt(len(drawn))
        assert np.abs((mean - gradient) / error).max() < 4
        assert np.square((mean - gradient) / error).mean() < 2
        assert np.linalg.norm(error) < 0.3 * np.linalg.norm(gradient)  # so that a wrong sign or scale shows


def test_perturbing_nodes_is_less_noisy_than_perturbing_weights(batch):
    """The result of Werfel, Xie and Seung for a linear layer: by a factor of the inputs, here with draws besides."""
    spreads = []
    for rule in (NodePerturbation, WeightPerturbation):
        network = make_network(rule, (SIZES[0], SIZES[-1]))
        spreads.append(np.var([network.suggest(*batch)[0] for _ in range(300)], axis=0).mean())
    assert spreads[1] > 4 * spreads[0]
