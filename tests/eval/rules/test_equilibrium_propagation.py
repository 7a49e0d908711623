import pytest

from eval.rules.equilibrium_propagation import EquilibriumPropagation
from tests.support.rules import SIZES, differentiate, half_squared_error, make_network, measure_cosine


def make_settling_network(hidden):
    """A network of equilibrium propagation whose weights are so small that it settles fast."""
    network = make_network(EquilibriumPropagation, (SIZES[0], *hidden, SIZES[-1]))
    network.weights = [weights / 2 for weights in network.weights]
    return network


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [(4,), (4, 3)])
def test_equilibrium_propagation_nears_the_gradient_of_the_settled_network(hidden, batch, monkeypatch):
    monkeypatch.setattr("eval.rules.equilibrium_propagation.FREE_STEPS", 300)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.NUDGED_STEPS", 300)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.NUDGE", 1e-3)
    network = make_settling_network(hidden)
    exact = [differentiate(lambda: half_squared_error(network, *batch), weights) for weights in network.weights]
    assert measure_cosine(network.suggest(*batch), exact) > 0.999


@pytest.mark.parametrize("hidden", [(4,), (4, 3)])
def test_equilibrium_propagation_is_near_its_limit_in_its_default_steps(hidden, batch, monkeypatch):
    network = make_settling_network(hidden)
    suggested = network.suggest(*batch)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.FREE_STEPS", 300)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.NUDGED_STEPS", 300)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.NUDGE", 1e-3)
    assert all(measure_cosine(one, other) > 0.95 for one, other in zip(suggested, network.suggest(*batch), strict=True))
