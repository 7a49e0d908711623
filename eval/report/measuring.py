"""The measurements of a rule, as the values of its report."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eval.baselines.registry import list_rates
from eval.report.loading import Rule, find_plan
from eval.report.sections import (
    Tuned,
    Values,
    describe_class,
    describe_curves,
    describe_data,
    describe_differences,
    describe_rule,
    describe_streams,
)
from eval.report.sweeps import CURVES, SEEDS, Sweep, list_values, make_stream, make_sweep
from eval.report.trials import STREAMS, Bench, Outcome, Trial, run_trials
from eval.report.watch import DivergedError, suggest_checked
from eval.rules.network import RulePlan
from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.fingerprint import read_fingerprint
from ld_data.noise import check_seed
from ld_data.release.dataset import LatentDataset

REFERENCES = ("backpropagation", "feedback-alignment")
PROBES = 16


@dataclass(frozen=True)
class Wishes:
    """The measurements that are wished for.

    Attributes:
        seeds: of the figures; the curves and the streams take the first three.
        curves: their names.
        rows: of the curve over training rows; None for the usual ones.
        jobs: trainings at the same time.
    """

    seeds: Sequence[int] = (0, 1, 2, 3, 4)
    curves: Sequence[str] = CURVES
    rows: Sequence[int] | None = None
    jobs: int = 1


def measure_rule(rule: Rule, data: LatentDataset, wishes: Wishes) -> Values:
    """Return the report of a rule on a dataset, as JSON values.

    Raises:
        InputError: the rule does not do what a rule must, a curve needs rows that are not there, or as `check_wishes`.
        UnknownNameError: there is no such rule.
    """
    start = time.perf_counter(), sum(os.times()[:4])
    check_wishes(wishes)
    bench = Bench(data, (rule, *(Rule(name, rule.folder) for name in REFERENCES if name != rule.name)))
    found = bench.find(rule.name)
    values = list_values(data, find_plan(found), wishes.rows, wishes.curves)  # all is checked before the first training
    if isinstance(found, type):
        try_batch(bench, rule.name)
    tuned = tune(bench, wishes)
    mains = {own.name: plan_mains(bench, own.name, tuned[own.name].plan, wishes) for own in bench.rules}
    sweeps = plan_sweeps(bench, mains, values, wishes)
    streams = plan_streams(tuned, wishes) if isinstance(found, type) else []
    trials = [trial for own in mains.values() for trial in own] + streams
    trials += [trial for sweep in sweeps for row in sweep.trials for trial in row]
    distinct = list(dict.fromkeys(trials))  # curves share the trial without any change
    outcomes = dict(run_trials(bench, distinct, wishes.jobs, "report"))
    fits = {name: [refuse_failure(outcomes[trial]) for trial in own] for name, own in mains.items()}
    report = describe_data(rule.name, data, fits[rule.name], wishes.seeds)
    report["rules"] = {name: describe_rule(bench, name, own, tuned[name]) for name, own in fits.items()}
    report["differences"] = describe_differences(rule.name, fits, data)
    if isinstance(found, type):
        report |= describe_class(bench, rule.name, fits[rule.name], tuned[rule.name].plan)
    report["curves"] = describe_curves(sweeps, outcomes)
    report["streams"] = describe_streams(streams, outcomes)
    spent = zip((time.perf_counter(), sum(os.times()[:4])), start, strict=True)
    report["seconds"] = dict(zip(("wall", "cpu"), (end - begin for end, begin in spent), strict=True))
    return report | {"fingerprint": read_fingerprint()}


def check_wishes(wishes: Wishes) -> None:
    """Raise `InputError` for seeds, curves or jobs that cannot be."""
    check_integer("seeds", len(wishes.seeds), 1, 1000)
    for seed in wishes.seeds:
        check_seed(seed)
    for curve in wishes.curves:
        if curve not in CURVES:
            raise InputError(f"curves must be among {', '.join(CURVES)}; received {curve!r}.")
    check_integer("jobs", wishes.jobs, 1, 1000)


def refuse_failure(outcome: Outcome) -> Outcome:
    """Return an outcome; raise `DivergedError` if its training failed."""
    if outcome.failure:
        raise DivergedError(outcome.failure)
    return outcome


def try_batch(bench: Bench, name: str) -> None:
    """Let a rule suggest once for the first batch, in this process; raises as `suggest_checked`."""
    plan = find_plan(bench.find(name))
    suggest_checked(bench.make(name, plan), name, *bench.take_batch(plan.batch_rows), 1)


def tune(bench: Bench, wishes: Wishes) -> dict[str, Tuned]:
    """Return the plan of each rule at the learning rate with the lowest MSE on held-out rows, by seed 0.

    That of its streams is chosen in the same way, after one pass.

    Raises:
        DivergedError: a rule suggests values that are not finite at all rates; the message is that of the lowest.
    """
    plans = {rule.name: find_plan(bench.find(rule.name)) for rule in bench.rules}
    classes = [name for name in plans if isinstance(bench.find(name), type)]
    tried: dict[tuple[str, bool], dict[RulePlan, Outcome]] = {
        (name, once): {} for name in classes for once in (False, True)
    }
    while trials := [trial for group, own in tried.items() for trial in _plan_rates(group, plans[group[0]], own)]:
        for trial, outcome in run_trials(bench, trials, wishes.jobs, "learning rates"):
            tried[trial.rule, bool(trial.stream)][trial.plan] = outcome
    tuned = {name: Tuned(plan, {}, plan) for name, plan in plans.items()}
    for name in classes:
        whole, stream = ({plan: outcome.best for plan, outcome in tried[name, once].items()} for once in (False, True))
        best = min(whole, key=whole.__getitem__)
        refuse_failure(tried[name, False][best])
        errors = dict(sorted((plan.learning_rate, error) for plan, error in whole.items()))
        tuned[name] = Tuned(best, errors, min(stream, key=stream.__getitem__))
    return tuned


def _plan_rates(group: tuple[str, bool], plan: RulePlan, tried: Mapping[RulePlan, Outcome]) -> list[Trial]:
    """Return the next trainings of a rule, or its streams, at other learning rates."""
    rates = list_rates({own.learning_rate: outcome.best for own, outcome in tried.items()})
    plain = [Trial(group[0], replace(plan, learning_rate=rate), 0, scored=False) for rate in rates]
    return [make_stream(trial) for trial in plain] if group[1] else plain


def plan_mains(bench: Bench, name: str, plan: RulePlan, wishes: Wishes) -> list[Trial]:
    """Return the trainings of a rule for the figures with intervals, one for each seed."""
    probes = PROBES if name == bench.rules[0].name else 0
    return [Trial(name, plan, seed, len(bench.data.train), probes=probes, keeps=True) for seed in wishes.seeds]


def plan_sweeps(
    bench: Bench, mains: Mapping[str, Sequence[Trial]], values: Mapping[str, Sequence[float]], wishes: Wishes
) -> list[Sweep]:
    """Return the curves of the rule, and those of the first reference beside them; a function has that over rows."""
    is_class = isinstance(bench.find(bench.rules[0].name), type)
    seeds = wishes.seeds[:SEEDS]
    sweeps = []
    for curve in values if is_class else [curve for curve in values if curve == "rows"]:
        for name in list(mains)[:2]:
            main = mains[name][0]
            plain = main if curve == "rows" else replace(main, probes=0, keeps=False, may_fail=True)
            sweep = make_sweep(curve, plain, seeds, values[curve])
            sweeps.append(sweep if isinstance(bench.find(name), type) else replace(sweep, epochs=None))
    return sweeps


def plan_streams(tuned: Mapping[str, Tuned], wishes: Wishes) -> list[Trial]:
    """Return the trials of the rule and the references along each stream, one for each of the seeds of the curves."""
    return [
        Trial(name, own.stream, seed, may_fail=True, stream=stream)
        for name, own in tuned.items()
        for stream in STREAMS
        for seed in wishes.seeds[:SEEDS]
    ]
