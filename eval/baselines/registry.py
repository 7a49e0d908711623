"""The baselines by name: simple models and learning rules, each reproducible from its name and a seed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Baseline:
    """A model to compare with.

    Attributes:
        fit: fits a model, as `evaluate` takes it, to a dataset from a seed.
        about: a description in a few words.
        seeded: whether the seed changes the model by more than the choice of held-out rows.
    """

    fit: Callable[[LatentDataset, int], Model]
    about: str
    seeded: bool = True


@dataclass(frozen=True)
class RuleBaseline:
    """A learning rule on the network that all rules train; an instance is a `fit`.

    Attributes:
        name: of the baseline.
        rule: the kind of network.
        plan: of its training.
    """

    name: str
    rule: type[Network]
    plan: RulePlan

    def __call__(self, data: LatentDataset, seed: int) -> Network:
        """Return the trained network."""
        network = self.rule.make_for(data, self.plan.units, np.random.default_rng(seed))
        return fit_network(network, data, self.plan, seed, self.name)


def fit_baseline(name: str, data: LatentDataset, seed: int = 0) -> Model:
    """Return a fitted baseline, as `evaluate` takes it.

    Raises:
        UnknownNameError: if the name is not in `BASELINES`.
        InputError: if the seed is outside 0 to 2**32 - 1.
    """
    return find_baseline(name).fit(data, check_integer("seed", seed, 0, MAX_SEED))


def find_baseline(name: str) -> Baseline:
    """Return the baseline of that name.

    Raises:
        UnknownNameError: if the name is not in `BASELINES`.
    """
    if name not in BASELINES:
        raise UnknownNameError(f"no baseline {name!r}. Known: {', '.join(BASELINES)}.")
    return BASELINES[name]


def score_baseline(name: str, data: LatentDataset, seed: int) -> Score:
    """Return the score of a baseline on the test rows.

    Raises:
        UnknownNameError: if the name is not in `BASELINES`.
        InputError: if the seed is outside 0 to 2**32 - 1.
    """
    return evaluate(fit_baseline(name, data, seed), data)


def tune_rule(name: str, data: LatentDataset, seed: int = 0) -> dict[float, float]:
    """Return a learning rule's MSE on held-out training rows for each of `LEARNING_RATES`.

    Raises:
        UnknownNameError: if the name belongs to no learning rule.
        InputError: if the seed is outside 0 to 2**32 - 1.
    """
    check_integer("seed", seed, 0, MAX_SEED)
    fit = find_baseline(name).fit
    if not isinstance(fit, RuleBaseline):
        rules = [rule for rule, baseline in BASELINES.items() if isinstance(baseline.fit, RuleBaseline)]
        raise UnknownNameError(f"the baseline {name} has no learning rate to tune. These have one: {', '.join(rules)}.")
    plans = {rate: replace(fit.plan, learning_rate=rate) for rate in LEARNING_RATES}
    return {rate: replace(fit, plan=plan)(data, seed).held_out_error for rate, plan in plans.items()}


RULES: dict[str, tuple[type[Network], RulePlan, str]] = {
    "backpropagation": (
        Backpropagation,
        RulePlan(learning_rate=3e-3),
        "the gradient: the yardstick of the rules below",
    ),
    "feedback-alignment": (FeedbackAlignment, RulePlan(), "fixed random weights on the way back"),
    "direct-feedback": (DirectFeedbackAlignment, RulePlan(), "the same, straight from the output to each layer"),
    "target-propagation": (DifferenceTargetPropagation, RulePlan(), "targets through learned inverses"),
    "predictive-coding": (PredictiveCoding, RulePlan(learning_rate=3e-4), "activities settle, then layers predict"),
    "equilibrium-propagation": (
        EquilibriumPropagation,
        RulePlan(units=(256,), learning_rate=3e-3),
        "a settled network, and one pulled towards y",
    ),
    "forward-forward": (ForwardForward, RulePlan(learning_rate=3e-2), "layers tell true pairs from false ones"),
    "evolution-strategies": (EvolutionStrategies, RulePlan(units=(64,), batch_rows=256), "random moves of all weights"),
}
BASELINES: dict[str, Baseline] = {
    "mean": Baseline(regressors.fit_mean, "answers the mean of y: the null", seeded=False),
    "linear": Baseline(regressors.fit_linear, "least squares", seeded=False),
    "ridge": Baseline(regressors.fit_ridge, "least squares with a penalty", seeded=False),
    "neighbours": Baseline(regressors.fit_neighbours, "the mean y of the nearest rows", seeded=False),
    "trees": Baseline(regressors.fit_trees, "gradient-boosted trees"),
    "mlp": Baseline(perceptrons.fit_mlp, "the predecessor's network"),
    "residual": Baseline(perceptrons.fit_residual, "a residual network"),
    "joint": Baseline(perceptrons.fit_joint, "the predecessor's network, trained on classes alone"),
    **{name: Baseline(RuleBaseline(name, rule, plan), about) for name, (rule, plan, about) in RULES.items()},
    "associative-memory": Baseline(
        fit_associative_memory, "a modern Hopfield network of all training rows", seeded=False
    ),
    "oracle": Baseline(regressors.make_oracle, "knows the class of the test rows: the floor", seeded=False),
}
