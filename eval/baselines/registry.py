"""The baselines by name: simple models and learning rules, each reproducible from its name and a seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pkgutil import resolve_name

import numpy as np

from eval.class_space import check_cells
from eval.evaluation import evaluate
from eval.jobs.calls import HERE, Call, Runner
from eval.jobs.data import Sent, hash_data, open_data
from eval.names import BASELINES, RULES
from eval.predictions import Model
from eval.rules.network import Network, fit_network
from eval.score import Score
from ld_data.checks import check_integer
from ld_data.cli.libraries import import_quietly
from ld_data.errors import UnknownNameError
from ld_data.release.dataset import LatentDataset

LEARNING_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)  # tried for every rule, with seed 0 on ld-mnist-32
FURTHER_RATES = 4  # at most, beyond an end of these
LEARNERS = ("ridge", "mlp", "residual")  # from linear to deep
MAX_SEED = 2**32 - 1  # the limit of scikit-learn


def fit_baseline(name: str, data: LatentDataset, seed: int = 0) -> Model:
    """Return a fitted baseline, as `evaluate` takes it.

    Raises:
        UnknownNameError: if the name is not in `BASELINES`.
        InputError: if the seed is outside 0 to 2**32 - 1, or as `check_baseline`.
    """
    check_baseline(name, data)
    check_integer("seed", seed, 0, MAX_SEED)
    if name in RULES:
        return _fit_rule(name, data, seed)
    if "perceptrons" in BASELINES[name]:
        import_quietly("keras")  # takes 5 s, which others need not wait for
    fit: Callable[[LatentDataset, int], Model] = resolve_name(f"eval.{BASELINES[name]}")
    return fit(data, seed)


def check_baseline(name: str, data: LatentDataset) -> None:
    """Raise an error unless a baseline exists and suits a dataset.

    Raises:
        UnknownNameError: if the name is not in `BASELINES`.
        InputError: if it draws y anew, and y does not come from cells.
    """
    if name not in BASELINES:
        raise UnknownNameError(f"no baseline {name!r}. Known: {', '.join(BASELINES)}.")
    if name == "mlp-redrawn":
        check_cells(data)


def score_baseline(name: str, data: LatentDataset, seed: int) -> Score:
    """Return the score of a baseline on the test rows; raises as `fit_baseline`."""
    return evaluate(fit_baseline(name, data, seed), data)


def score_learners(data: LatentDataset) -> dict[str, float]:
    """Return the skill of three learners by name, seed 0, as health reports and their goals have it."""
    return {name: score_baseline(name, data, seed=0).skill for name in LEARNERS}


def score_shifts(name: str, data: LatentDataset, seed: int) -> list[Score]:
    """Return the scores of one fit of a baseline on the test rows and on each shifted test set; raises likewise."""
    model = fit_baseline(name, data, seed)
    return [evaluate(model, own) for own in (data, *map(data.shifted, data.shifts))]


def tune_rule(name: str, data: LatentDataset, seed: int = 0, runner: Runner = HERE) -> dict[float, float]:
    """Return a learning rule's MSE on held-out training rows for each of `LEARNING_RATES`, and beyond a best end.

    The workers of the runner train.

    Raises:
        UnknownNameError: if the name belongs to no learning rule.
        InputError: if the seed is outside 0 to 2**32 - 1; or as `Runner.run`.
    """
    check_integer("seed", seed, 0, MAX_SEED)
    if name not in RULES:
        raise UnknownNameError(f"the baseline {name} has no learning rate to tune. These have one: {', '.join(RULES)}.")
    errors, sent = dict[float, float](), runner.send(data)
    depends_on = {"rule": name, "seed": seed, "data": hash_data(data)}
    while rates := list_rates(errors):
        calls = [Call(_tune, (name, sent, seed, rate), depends_on | {"rate": rate}, float, float) for rate in rates]
        errors |= {call.arguments[-1]: error for call, error in runner.run(calls, f"learning rates of {name}")}
    return dict(sorted(errors.items()))


def find_best(errors: Sequence[float]) -> float:
    """Return the least of the errors after each epoch that are finite; infinite if none is."""
    return min((error for error in errors if np.isfinite(error)), default=np.inf)


def list_rates(errors: Mapping[float, float], grid: Sequence[float] | None = None) -> Sequence[float]:
    """Return the learning rates to try next, given the errors of others: a grid, then one beyond a best end.

    The grid is `LEARNING_RATES` without another. An error is infinite if the training failed.
    """
    grid = grid or LEARNING_RATES
    if not errors:
        return grid
    rates, best = sorted(errors), min(errors, key=lambda rate: (errors[rate], rate))  # the lowest of those level
    if len(rates) == len(grid) + FURTHER_RATES or best not in (rates[0], rates[-1]):
        return ()
    return (step_rate(best, 1 if best == rates[-1] else -1),)


def step_rate(rate: float, steps: int) -> float:
    """Return the learning rate so many places from one in the sequence 1e-4, 3e-4, 1e-3, 3e-3 and so on."""
    place = round(2 * np.log10(rate)) + steps  # 3 is close to the square root of 10
    return float(f"{3 if place % 2 else 1}e{place // 2}")


def _tune(name: str, sent: Sent, seed: int, rate: float) -> float:
    return find_best(_fit_rule(name, open_data(sent), seed, rate).held_out_errors)


def _fit_rule(name: str, data: LatentDataset, seed: int, rate: float | None = None) -> Network:
    """Return the network of a learning rule, fitted at the rule's own learning rate or another."""
    rule: type[Network] = resolve_name(f"eval.{RULES[name]}")
    network = rule.make_for(data, rule.plan.units, np.random.default_rng(seed))
    plan = replace(rule.plan, learning_rate=rate or rule.plan.learning_rate)
    return fit_network(network, data, plan, seed, name)
