"""The kept trials of learning rules: measured one by one, and described as a report describes them."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.jobs.calls import HERE, Runner
from eval.jobs.data import hash_data
from eval.kept.figures import LABELS
from eval.kept.rules import RuleTrial, add_trial, load_trials
from eval.report.alignment import Probe
from eval.report.loading import Rule, find_plan
from eval.report.measuring import PROBES, refuse_failure
from eval.report.sections import (
    Values,
    describe_alignment,
    describe_cost,
    describe_interval,
    describe_step,
    measure_held_out_skills,
)
from eval.report.trials import Bench, Outcome, Trial, run_trials
from eval.rules.network import RulePlan
from ld_data.release.dataset import LatentDataset

ALIGNED = ("cosines", "ratios", "angles")


def measure_trials(
    data: LatentDataset, names: Sequence[str], seeds: Sequence[int], runner: Runner = HERE, path: Path | None = None
) -> list[RuleTrial]:
    """Return the trials of built-in rules, each with its own plan, from some seeds.

    With a path, each trial is added to that file once it is done, and those that it holds are not trained again.

    Raises:
        UnknownNameError: there is no such rule.
        IntegrityError: the file holds something else.
        DivergedError: a rule suggests values that are not finite.
    """
    bench = Bench(data, tuple(Rule(name, Path()) for name in names))
    hashes = hash_data(data)
    plans = {name: find_plan(bench.find(name)) for name in names}
    conditions = {name: (name, bench.find(name).version, _write_plan(plan), *hashes) for name, plan in plans.items()}
    known = load_trials(path) if path and path.exists() else []
    done = {(own.rule, own.seed): own for own in known if own.conditions == conditions.get(own.rule)}
    wanted = [(name, seed) for seed in seeds for name in names]
    missing = [Trial(name, plans[name], seed, probes=PROBES) for name, seed in wanted if (name, seed) not in done]
    steps = {name: describe_step(bench, name, plans[name]) for name in dict.fromkeys(own.rule for own in missing)}
    for trial, outcome in run_trials(bench, missing, runner, f"rules on {data.name}"):
        step = steps[trial.rule] | {"version": bench.find(trial.rule).version}
        own = _make_trial(data, hashes, trial, refuse_failure(outcome), step)
        done[own.rule, own.seed] = own
        if path:
            add_trial(own, path)
    return [done[name, seed] for name in names for seed in seeds]


def _make_trial(
    data: LatentDataset, hashes: tuple[str, str], trial: Trial, outcome: Outcome, step: Values
) -> RuleTrial:
    score, alignment = outcome.find_score(), None
    if outcome.probes is not None:
        alignment = {"steps": [own.step for own in outcome.probes]} | {
            key: [_round(getattr(own, key), 4) for own in outcome.probes] for key in ALIGNED
        }
    return RuleTrial(
        rule=trial.rule,
        plan=_write_plan(trial.plan),
        seed=trial.seed,
        release=data.name,
        data_sha256=hashes[0],
        train_sha256=hashes[1],
        train_rows=len(data.train),
        **{name: _round([getattr(score, name)], 8)[0] for name in ("null", "floor", *LABELS)},
        **{name: step[name] for name in ("parameters", "macs_per_row", "memory_bytes", "version")},
        skills=_round(measure_held_out_skills(data, outcome), 5),
        cpu_seconds=_round(outcome.seconds, 5),
        alignment=alignment,
    )


def _write_plan(plan: RulePlan) -> dict[str, Any]:
    return asdict(plan) | {"units": list(plan.units)}


def _round(values: Sequence[float | None], digits: int) -> list[Any]:
    """Return values with some significant digits, so that the files stay small."""
    return [None if value is None else float(f"{value:.{digits}g}") for value in values]


def describe_trials(trials: Sequence[RuleTrial]) -> Values:
    """Return the trials of one release as a report without curves, streams, facts and differences.

    Each rule has an alignment of its own.
    """
    first, rules = trials[0], dict[str, Values]()
    for name in dict.fromkeys(trial.rule for trial in trials):
        own = [trial for trial in trials if trial.rule == name]
        plan = RulePlan(**own[0].plan)
        cost = describe_cost(plan, own[0].train_rows, [(trial.skills, trial.cpu_seconds) for trial in own])
        cost |= {key: getattr(own[0], key) for key in ("parameters", "macs_per_row", "memory_bytes")}
        rules[name] = {
            "figures": {figure: describe_interval([getattr(trial, figure) for trial in own]) for figure in LABELS},
            "weight_transport": Rule(name, Path()).load().facts.weight_transport,
            "plan": own[0].plan,
            "cost": cost,
            "alignment": describe_alignment([_read_probes(trial) for trial in own], own[0].train_rows, plan),
        }
    return {
        "release": first.release,
        "data_sha256": first.data_sha256,
        "train_rows": first.train_rows,
        "null": first.null,
        "floor": first.floor,
        "seeds": sorted({trial.seed for trial in trials}),
        "rules": dict(sorted(rules.items(), key=lambda rule: -rule[1]["figures"]["noise_free_mse"]["mean"])),
    }


def _read_probes(trial: RuleTrial) -> list[Probe] | None:
    if trial.alignment is None:
        return None
    rows = zip(trial.alignment["steps"], *(map(tuple, trial.alignment[key]) for key in ALIGNED), strict=True)
    return [Probe(*row) for row in rows]
