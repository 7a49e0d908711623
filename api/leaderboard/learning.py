"""Facts of baselines beside their figures: needs and cost of the learning rules, and ladders."""

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from pkgutil import resolve_name
from statistics import fmean
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from api.leaderboard.references import identify
from api.releases.catalogue import ServedRelease
from eval.kept.ladders import Climb, climbs_path, find_climbs
from eval.kept.rules import RuleTrial, find_trials, trials_path
from eval.names import RULES
from ld_data.errors import IntegrityError, MissingDataError

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Rule(BaseModel):
    """The needs of a learning rule, and the cost of its training."""

    weight_transport: str = Field(description="Of the forward weights, on the way back: values, signs, or none.")
    feedback: str = Field(description="To a hidden layer, for each row: vector, sign, scalar, or none.")
    parameters: int | None = Field(description="null if no trial is kept.")
    macs_per_row: float | None = Field(description="Multiply-accumulates; null if they cannot be counted.")
    cpu_seconds: float | None = Field(description="Of a whole training, the mean over seeds.")


class AbilityStep(BaseModel):
    """A control task of the ladder: the skill on it, and whether its ability is learned, partly, or not."""

    task: str
    ability: str
    skill: float
    word: str


class Ladder(BaseModel):
    """The ladder of a baseline, the simplest task first, after so many training rows."""

    rows: int
    steps: list[AbilityStep]


def describe_rules(found: ServedRelease) -> dict[str, dict[str, Any]]:
    """Return the fields of `Rule` of each learning rule; costs are those of kept trials, where they can be read."""
    name, checkpoints = found.manifest.name, found.checkpoints
    costs = _read_costs(name, found.data.test_sha256, checkpoints, identify(trials_path(name, checkpoints)))
    rules = {}
    for rule, path in RULES.items():
        facts = resolve_name(f"eval.{path}").facts
        own = {"weight_transport": facts.weight_transport, "feedback": facts.feedback}
        rules[rule] = own | costs.get(rule, {"parameters": None, "macs_per_row": None, "cpu_seconds": None})
    return rules


def find_ladders(found: ServedRelease) -> dict[str, Climb]:
    """Return the kept ladders by baseline; none if they cannot be read."""
    name, checkpoints = found.manifest.name, found.checkpoints
    return _read_climbs(name, found.data.test_sha256, checkpoints, identify(climbs_path(name, checkpoints)))


@lru_cache(maxsize=64)
def _read_costs(name: str, data_sha256: str, checkpoints: Path, _state: object) -> dict[str, dict[str, Any]]:
    costs: dict[str, dict[str, Any]] = {}
    none: list[RuleTrial] = []
    trials = _spare(lambda: find_trials(name, data_sha256, checkpoints), none, f"the trials of {name}")
    for rule in {trial.rule for trial in trials}:
        own = [trial for trial in trials if trial.rule == rule]
        costs[rule] = {
            "parameters": own[0].parameters,
            "macs_per_row": own[0].macs_per_row and own[0].macs_per_row["total"],
            "cpu_seconds": fmean(trial.cpu_seconds[-1] for trial in own),
        }
    return costs


@lru_cache(maxsize=64)
def _read_climbs(name: str, data_sha256: str, checkpoints: Path, _state: object) -> dict[str, Climb]:
    return _spare(lambda: find_climbs(name, data_sha256, checkpoints), {}, f"the ladders of {name}")


def _spare(read: Callable[[], T], without: T, what: str) -> T:
    """Return what is read; `without`, and a line in the log, if it is damaged: the page works without."""
    try:
        return read()
    except MissingDataError:
        return without
    except (IntegrityError, OSError) as error:
        logger.error("%s are not served: %s", what, error)
        return without
