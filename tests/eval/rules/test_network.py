import json
from dataclasses import asdict

import numpy as np
import pytest

from eval import evaluate
from eval.rules.backpropagation import Backpropagation
from eval.rules.equilibrium_propagation import EquilibriumPropagation
from eval.rules.evolution_strategies import EvolutionStrategies
from eval.rules.feedback_alignment import (
    BatchSignSymmetry,
    DirectFeedbackAlignment,
    DirectRandomTargetProjection,
    FeedbackAlignment,
    FixedSignSymmetry,
    UniformSignSymmetry,
)
from eval.rules.forward_forward import MonoForward
from eval.rules.hebbian import Hebbian
from eval.rules.network import Adam, Network, RulePlan, fit_network
from eval.rules.perturbation import NodePerturbation, WeightPerturbation
from eval.rules.predictive_coding import ErrorPredictiveCoding, PredictiveCoding
from eval.rules.target_propagation import DifferenceTargetPropagation
from ld_data.errors import InputError

WITHOUT_GRADIENT = (
    DirectRandomTargetProjection,
    UniformSignSymmetry,
    FixedSignSymmetry,
    BatchSignSymmetry,
    ErrorPredictiveCoding,
    NodePerturbation,
    WeightPerturbation,
)
RULES = (
    Backpropagation,
    FeedbackAlignment,
    DirectFeedbackAlignment,
    DifferenceTargetPropagation,
    PredictiveCoding,
    EquilibriumPropagation,
    EvolutionStrategies,
    MonoForward,
    Hebbian,
    *WITHOUT_GRADIENT,
)


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_learns_and_is_reproducible(rule, data):
    plan = RulePlan(units=(16,), learning_rate=1e-2, epochs=12, batch_rows=64)

    def fit():
        network = rule.make_for(data, plan.units, np.random.default_rng(0))
        return evaluate(fit_network(network, data, plan, 0, "rule"), data)

    first = fit()
    assert first.skill > 0.5
    assert fit() == first


@pytest.mark.slow
@pytest.mark.parametrize("rule", [Backpropagation, *WITHOUT_GRADIENT])
def test_hidden_layers_learn_products_that_fixed_ones_do_not_show(rule):
    """With the hidden layers as they start, the output alone leaves an error of 0.9 or more."""
    x = np.random.default_rng(1).normal(size=(400, 4)).astype(np.float32)
    y = np.sign(x[:, ::2] * x[:, 1::2])
    network = rule((4, 16, 16, 2), np.random.default_rng(0))
    optimizer = Adam(network.weights)
    for _ in range(300):
        optimizer.step(network.weights, network.suggest(x, y), 0.01)
    assert np.square(network.predict(x) - y).mean() < 0.8


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"units": 8}, r"units must be a tuple of integers, as in \(256, 256\); received 8"),
        ({"units": (8, 0)}, "units of a hidden layer must be from 1"),
        ({"units": (8.5,)}, "units of a hidden layer must be an integer; received 8.5"),
        ({"epochs": 0}, "epochs must be from 1"),
        ({"batch_rows": 0}, "batch_rows must be from 1"),
        ({"learning_rate": 0.0}, "learning_rate must be a finite number above 0; received 0.0"),
        ({"learning_rate": np.inf}, "received inf"),
        ({"learning_rate": "fast"}, "received 'fast'"),
    ],
)
def test_a_plan_that_no_training_can_have_is_refused(values, words):
    with pytest.raises(InputError, match=words):
        RulePlan(**values)


def test_a_list_of_units_becomes_a_tuple():
    assert RulePlan(units=[8, 8]) == RulePlan(units=(8, 8))
    assert len({RulePlan(units=[]), RulePlan(units=())}) == 1


def test_a_plan_in_numbers_of_numpy_is_written_as_json():
    plan = RulePlan(units=[np.int64(8)], learning_rate=np.float32(0.5), epochs=np.int64(3), batch_rows=np.int32(4))
    assert json.loads(json.dumps(asdict(plan))) == {"units": [8], "learning_rate": 0.5, "epochs": 3, "batch_rows": 4}


def test_a_network_starts_at_the_null(data):
    assert not Network((4, 8, 4), np.random.default_rng(0)).predict(data.test.x).any()


def test_the_weights_of_the_best_epoch_are_kept(data):
    plan = RulePlan(units=(8,), learning_rate=3.0, epochs=4, batch_rows=64)  # so fast that it gets worse
    network = Backpropagation((data.latent_dim, 8, data.latent_dim), np.random.default_rng(0))
    fitted = fit_network(network, data, plan, 0, "rule")
    errors = np.square(fitted.predict(data.train.x) - data.train.y).mean()
    assert fitted.held_out_error == pytest.approx(errors, rel=0.2)


def test_a_rule_that_only_harms_leaves_the_weights_of_the_start(data):
    plan = RulePlan(units=(8,), learning_rate=300.0, epochs=2, batch_rows=64)
    network = Backpropagation((data.latent_dim, 8, data.latent_dim), np.random.default_rng(0))
    fitted = fit_network(network, data, plan, 0, "rule")
    assert not fitted.predict(data.test.x).any()
    assert fitted.held_out_error < min(fitted.held_out_errors)
