"""The baselines by name: simple models and learning rules, each reproducible from its name and a seed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from eval.baselines import perceptrons, regressors
from eval.evaluation import evaluate
from eval.predictions import Model
from eval.rules.associative_memory import fit_associative_memory
from eval.rules.backpropagation import Backpropagation
from eval.rules.equilibrium_propagation import EquilibriumPropagation
from eval.rules.evolution_strategies import EvolutionStrategies
from eval.rules.feedback_alignment import DirectFeedbackAlignment, FeedbackAlignment
from eval.rules.forward_forward import ForwardForward
from eval.rules.network import Network, RulePlan, fit_network
from eval.rules.predictive_coding import PredictiveCoding
from eval.rules.target_propagation import DifferenceTargetPropagation
from eval.score import Score
from ld_data.checks import check_integer
from ld_data.errors import UnknownNameError
from ld_data.release.dataset import LatentDataset

LEARNING_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)  # tried for every rule, with seed 0 on ld-mnist-32
MAX_SEED = 2**32 - 1  # the limit of scikit-learn
RULES: dict[str, tuple[type[Network], RulePlan]] = {
    "backpropagation": (Backpropagation, RulePlan(learning_rate=3e-3)),
    "feedback-alignment": (FeedbackAlignment, RulePlan()),
    "direct-feedback": (DirectFeedbackAlignment, RulePlan()),
    "target-propagation": (DifferenceTargetPropagation, RulePlan()),
    "predictive-coding": (PredictiveCoding, RulePlan(learning_rate=3e-4)),
    "equilibrium-propagation": (EquilibriumPropagation, RulePlan(units=(256,), learning_rate=3e-3)),
    "forward-forward": (ForwardForward, RulePlan(learning_rate=3e-2)),
    "evolution-strategies": (EvolutionStrategies, RulePlan(units=(64,), batch_rows=256)),
}
SEEDLESS = ("mean", "linear", "ridge", "neighbours", "associative-memory", "oracle")  # at most held-out rows are drawn


def fit_rule(name: str, data: LatentDataset, seed: int, learning_rate: float | None = None) -> Network:
    """Return the network that all rules train, fitted by the rule of that name, at its own learning rate or another."""
    rule, plan = RULES[name]
    network = rule.make_for(data, plan.units, np.random.default_rng(seed))
    plan = replace(plan, learning_rate=learning_rate or plan.learning_rate)
    return fit_network(network, data, plan, seed, name)


BASELINES: dict[str, Callable[[LatentDataset, int], Model]] = {
    "mean": regressors.fit_mean,
    "linear": regressors.fit_linear,
    "ridge": regressors.fit_ridge,
    "neighbours": regressors.fit_neighbours,
    "trees": regressors.fit_trees,
    "mlp": perceptrons.fit_mlp,
    "residual": perceptrons.fit_residual,
    "joint": perceptrons.fit_joint,
    **{name: partial(fit_rule, name) for name in RULES},
    "associative-memory": fit_associative_memory,
    "oracle": regressors.make_oracle,
}


def fit_baseline(name: str, data: LatentDataset, seed: int = 0) -> Model:
    """Return a fitted baseline, as `evaluate` takes it.

    Raises:
        UnknownNameError: if the name is not in `BASELINES`.
        InputError: if the seed is outside 0 to 2**32 - 1.
    """
    if name not in BASELINES:
        raise UnknownNameError(f"no baseline {name!r}. Known: {', '.join(BASELINES)}.")
    return BASELINES[name](data, check_integer("seed", seed, 0, MAX_SEED))


def score_baseline(name: str, data: LatentDataset, seed: int) -> Score:
    """Return the score of a baseline on the test rows; raises as `fit_baseline`."""
    return evaluate(fit_baseline(name, data, seed), data)


def tune_rule(name: str, data: LatentDataset, seed: int = 0) -> dict[float, float]:
    """Return a learning rule's MSE on held-out training rows for each of `LEARNING_RATES`.

    Raises:
        UnknownNameError: if the name belongs to no learning rule.
        InputError: if the seed is outside 0 to 2**32 - 1.
    """
    check_integer("seed", seed, 0, MAX_SEED)
    if name not in RULES:
        raise UnknownNameError(f"the baseline {name} has no learning rate to tune. These have one: {', '.join(RULES)}.")
    return {rate: fit_rule(name, data, seed, learning_rate=rate).held_out_error for rate in LEARNING_RATES}
