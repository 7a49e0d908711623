import numpy as np
import pytest

from eval.rules.backpropagation import Backpropagation
from eval.rules.evolution_strategies import EvolutionStrategies
from tests.support.rules import SIZES, make_network, measure_cosine


def test_evolution_strategies_near_the_gradient_of_the_mean_squared_error(batch, monkeypatch):
    monkeypatch.setattr("eval.rules.evolution_strategies.PAIRS", 5000)
    network, exact = make_network(EvolutionStrategies), make_network(Backpropagation)
    suggested, gradient = network.suggest(*batch), exact.suggest(*batch)
    assert measure_cosine(suggested, gradient) > 0.97
    assert np.linalg.norm(suggested[0]) == pytest.approx(np.linalg.norm(gradient[0]) * 2 / SIZES[-1], rel=0.3)
