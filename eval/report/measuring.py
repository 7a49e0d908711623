"""The measurements of a rule, as the values of its report."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eval.baselines.registry import list_rates
from eval.jobs.calls import HERE, Runner
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
from eval.report.sweeps import (
    CURVES,
    RETUNED,
    SEEDS,
    Sweep,
    change_rate,
    list_near_rates,
    list_values,
    make_stream,
    make_sweep,
)
from eval.report.trials import STREAMS, Bench, Outcome, Trial, run_trials
from eval.report.watch import DivergedError, suggest_checked
from eval.rules.network import RulePlan
from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.fingerprint import read_fingerprint
from ld_data.noise import check_seed
from ld_data.release.dataset import LatentDataset

REFERENCES = ("backpropagation", "feedback-alignment", "random-features")
PROBES = 16
TUNED = ("", "one_pass", "classes")  # a training, and the kinds of streams with a learning rate of their own


@dataclass(frozen=True)
class Wishes:
    """The measurements that are wished for.

    Attributes:
        seeds: of the figures; the curves and the streams take the first three.
        curves: their names.
        rows: of the curve over training rows; None for the usual ones.
        runner: that trains.
        noise_free: whether the class means of y are the targets, in place of y.
    """

    seeds: Sequence[int] = (0, 1, 2, 3, 4)
    curves: Sequence[str] = CURVES
    rows: Sequence[int] | None = None
    runner: Runner = HERE
    noise_free: bool = False


def measure_rule(rule: Rule, data: LatentDataset, wishes: Wishes) -> Values:
    """Return the report of a rule on a dataset, as JSON values.

    Raises:
        InputError: the rule does not do what a rule must, a curve needs rows that are not there, or as `check_wishes`.
        UnknownNameError: there is no such rule.
    """
    start = time.perf_counter(), sum(os.times()[:4])
    check_wishes(wishes)
    if wishes.noise_free:
        data = replace(data, train=replace(data.train, y=data.train.y_mean))
    bench = Bench(data, (rule, *(Rule(name, rule.folder) for name in REFERENCES if name != rule.name)))
    found = bench.find(rule.name)
    plan = find_plan(found)
    values = list_values(data, plan, wishes.rows, wishes.curves)  # all is checked before the first training
    if isinstance(found, type):
        suggest_checked(bench.make(rule.name, plan), rule.name, *bench.take_batch(plan.batch_rows), 1)
    tuned = tune(bench, wishes)
    mains = {own.name: plan_mains(bench, own.name, tuned[own.name].plan, wishes) for own in bench.rules}
    sweeps, outcomes = tune_sweeps(bench, plan_sweeps(bench, mains, values, wishes), wishes.runner)
    streams = plan_streams(tuned, wishes) if isinstance(found, type) else []
    trials = [trial for own in mains.values() for trial in own] + streams
    trials += [trial for sweep in sweeps for row in sweep.trials for trial in row]
    distinct = [trial for trial in dict.fromkeys(trials) if trial not in outcomes]  # curves share plain trials
    outcomes |= run_trials(bench, distinct, wishes.runner, "report")
    fits = {name: [refuse_failure(outcomes[trial]) for trial in own] for name, own in mains.items()}
    report = describe_data(rule.name, data, fits[rule.name], wishes.seeds)
    report["noise_free"] = wishes.noise_free
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
    """Raise `InputError` for seeds or curves that cannot be."""
    check_integer("seeds", len(wishes.seeds), 1, 1000)
    for seed in wishes.seeds:
        check_seed(seed)
    for curve in wishes.curves:
        if curve not in CURVES:
            raise InputError(f"curves must be among {', '.join(CURVES)}; received {curve!r}.")


def refuse_failure(outcome: Outcome) -> Outcome:
    """Return an outcome; raise `DivergedError` if its training failed."""
    if outcome.failure:
        raise DivergedError(outcome.failure)
    return outcome


def tune(bench: Bench, wishes: Wishes) -> dict[str, Tuned]:
    """Return the plans of each rule at the learning rates with the lowest MSE on held-out rows, by seed 0.

    That of streams is chosen after one pass, and that of classes in order after these. The other settings of all plans
    are those of the first rule, if it is a class.

    Raises:
        DivergedError: a rule suggests values that are not finite at all rates; the message is that of the lowest.
    """
    first = bench.find(bench.rules[0].name)
    plans = {rule.name: find_plan(first if isinstance(first, type) else bench.find(rule.name)) for rule in bench.rules}
    classes = [rule.name for rule in bench.rules if isinstance(bench.find(rule.name), type)]
    tried: dict[tuple[str, str], dict[RulePlan, Outcome]] = {(name, kind): {} for name in classes for kind in TUNED}
    while trials := [
        trial for (name, kind), own in tried.items() for trial in _plan_rates(name, kind, plans[name], own)
    ]:
        for trial, outcome in run_trials(bench, trials, wishes.runner, "learning rates"):
            tried[trial.rule, trial.stream][trial.plan] = outcome
    tuned = {name: Tuned(plan, {}, plan, plan) for name, plan in plans.items()}
    for name in classes:
        errors = [{own: outcome.best for own, outcome in tried[name, kind].items()} for kind in TUNED]
        best = [min(own, key=own.__getitem__) for own in errors]
        refuse_failure(tried[name, ""][best[0]])
        rates = dict(sorted((own.learning_rate, error) for own, error in errors[0].items()))
        tuned[name] = Tuned(best[0], rates, *best[1:])
    return tuned


def _plan_rates(name: str, kind: str, plan: RulePlan, tried: Mapping[RulePlan, Outcome]) -> list[Trial]:
    """Return the next trainings of a rule, or its streams of a kind, at other learning rates."""

    def make(rate: float) -> Trial:
        trial = Trial(name, replace(plan, learning_rate=rate), 0, scored=False)
        return make_stream(trial, kind) if kind else trial

    scale = make(1.0).plan.learning_rate  # small batches of a stream take smaller steps
    return [make(rate) for rate in list_rates({own.learning_rate / scale: out.best for own, out in tried.items()})]


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


def tune_sweeps(bench: Bench, sweeps: Sequence[Sweep], runner: Runner) -> tuple[list[Sweep], dict[Trial, Outcome]]:
    """Return curves whose learning rates suit each value of `RETUNED`, and the outcomes of the trainings for that.

    The rates are that of the plan, its neighbours, and those beyond an end that is best, by the MSE on held-out rows
    with the first seed.
    """
    rows = [row for sweep in sweeps if sweep.name in RETUNED and sweep.epochs for row in sweep.trials]
    tried: dict[tuple[Trial, ...], dict[float, float]] = {row: {} for row in rows if not row[0].keeps}
    outcomes: dict[Trial, Outcome] = {}
    while wanted := [(row, rate) for row, own in tried.items() for rate in list_rates(own, list_near_rates(row[0]))]:
        trials = dict.fromkeys(change_rate(row[0], rate) for row, rate in wanted)
        outcomes |= run_trials(bench, [trial for trial in trials if trial not in outcomes], runner, "rates of curves")
        for row, rate in wanted:
            tried[row][rate] = outcomes[change_rate(row[0], rate)].best
    best = {row: change_rate(row[0], min(own, key=own.__getitem__)).plan for row, own in tried.items()}
    chosen = []
    for sweep in sweeps:
        plans = best if sweep.name in RETUNED else {}  # other curves hold the same trainings, at the rate of the plan
        own_rows = [tuple(replace(trial, plan=plans.get(row, trial.plan)) for trial in row) for row in sweep.trials]
        chosen.append(replace(sweep, trials=tuple(own_rows)))
    return chosen, outcomes


def plan_streams(tuned: Mapping[str, Tuned], wishes: Wishes) -> list[Trial]:
    """Return the trials of the rule and the references along each stream, one for each of the seeds of the curves."""
    return [
        Trial(name, own.classes if stream == "classes" else own.stream, seed, may_fail=True, stream=stream)
        for name, own in tuned.items()
        for stream in STREAMS
        for seed in wishes.seeds[:SEEDS]
    ]
