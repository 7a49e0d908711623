import numpy as np
import pytest

from eval import evaluate
from eval.rules.backpropagation import Backpropagation
from eval.rules.equilibrium_propagation import EquilibriumPropagation
from eval.rules.evolution_strategies import EvolutionStrategies
from eval.rules.feedback_alignment import DirectFeedbackAlignment, FeedbackAlignment
from eval.rules.network import Network, RulePlan, fit_network
from eval.rules.predictive_coding import PredictiveCoding
from eval.rules.target_propagation import DifferenceTargetPropagation

RULES = (
    Backpropagation,
    FeedbackAlignment,
    DirectFeedbackAlignment,
    DifferenceTargetPropagation,
    PredictiveCoding,
    EquilibriumPropagation,
    EvolutionStrategies,
)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_learns_and_is_reproducible(rule, data):
    plan = RulePlan(units=(16,), learning_rate=1e-2, epochs=12, batch_rows=64)

    def fit():
        network = rule((data.latent_dim, *plan.units, data.latent_dim), np.random.default_rng(0))
        return evaluate(fit_network(network, data, plan, 0, "rule"), data)

    first = fit()
    assert first.skill > 0.5
    assert fit() == first


def test_a_network_starts_at_the_null(data):
    assert not Network((4, 8, 4), np.random.default_rng(0)).predict(data.test.x).any()


def test_the_weights_of_the_best_epoch_are_kept(data):
    plan = RulePlan(units=(8,), learning_rate=3.0, epochs=4, batch_rows=64)  # so fast that it gets worse
    network = Backpropagation((data.latent_dim, 8, data.latent_dim), np.random.default_rng(0))
    fitted = fit_network(network, data, plan, 0, "rule")
    errors = np.square(fitted.predict(data.train.x) - data.train.y).mean()
    assert fitted.held_out_error == pytest.approx(errors, rel=0.2)
