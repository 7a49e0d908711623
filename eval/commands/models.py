"""The models that commands fit: baselines, and functions of the user."""

from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from eval.baselines.registry import fit_baseline
from eval.ladder import FitDataset
from eval.names import BASELINES
from eval.report.loading import Rule, find_plan, make_network
from eval.report.watch import Watched, fit_watched
from eval.rules.network import Network
from ld_data.release.dataset import LatentDataset


def check_model(_type: object, name: str) -> None:
    """Refuse a name that is neither a baseline nor `module:function` by a `ValueError`, as Cyclopts expects it."""
    if ":" not in name and name not in BASELINES:
        raise ValueError(
            f"no baseline {name!r}. Known: {', '.join(BASELINES)}. Your own function or rule is named as module:name."
        )


Model = Annotated[str, Parameter(validator=check_model, completer=lambda _: list(BASELINES))]


def load_fit(name: str, folder: Path) -> FitDataset:
    """Return the `fit(data, seed)` of a baseline, or of a user's class of a rule or function; raises as `Rule.load`.

    A user's file is looked for in the folder.
    """
    if ":" in name:
        found = Rule(name, folder).load()
        if isinstance(found, type):
            return lambda data, seed: train_rule(name, found, data, seed)
        return lambda data, seed: found(*data.as_keras()[0], seed)
    return partial(fit_baseline, name)


def find_source(name: str) -> str:
    """Return the sha256 of the file of a user's model; "" for a baseline. The model is loaded; raises as `load_fit`."""
    load_fit(name, Path.cwd())
    return Rule(name, Path.cwd()).hash_source() if ":" in name else ""


def train_rule(name: str, rule: type, data: LatentDataset, seed: int) -> Network:
    """Return the network of a user's rule, trained with its plan.

    Raises:
        InputError: as `make_network`, or the rule suggests something else than it must.
    """
    plan = find_plan(rule)
    return fit_watched(Watched(make_network(name, rule, data, plan, seed), name), data, plan, seed)
