"""Runs of the arms of a study: one trial after another, or several at once, each kept as soon as it is done."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from eval.jobs.calls import Call, Runner
from eval.studies.design.study import Arm, Study
from eval.studies.design.trials import Outcome, Trial, add_trial, load_trials, round_outcome
from ld_data.cli.libraries import import_quietly
from ld_data.extras import check_libraries, import_library
from ld_data.progress import hide_progress


@dataclass(frozen=True)
class Task:
    """A trial to come, of an arm of a study."""

    study: str
    name: str
    arm: Arm
    seed: int
    quick: bool


def list_tasks(study: Study, first: int, seeds: int | None, quick: bool) -> list[Task]:
    """Return the trials of all arms from a first seed on: as many as each arm has seeds, one if it is quick."""
    return [
        Task(study.name, name, arm, seed, quick)
        for name, arm in study.arms.items()
        for seed in range(first, first + (seeds or (1 if quick else arm.seeds)))
    ]


def plan_trials(tasks: Sequence[Task]) -> list[Trial]:
    """Return the trials of tasks without figures: their keys, data and engines.

    Raises:
        MissingLibraryError: an engine is not installed.
        LdDataError: as the loaders of the data.
    """
    plans = {}
    for task in tasks:
        if task.name not in plans:
            engine = find_engine(task.arm)
            plans[task.name] = task.arm.load_inputs().sha256, engine
    return [
        Trial(task.study, task.name, task.seed, task.arm.describe_protocol(task.quick), *plans[task.name], {}, {}, 0.0)
        for task in tasks
    ]


def find_engine(arm: Arm) -> str:
    """Return the name of an arm's engine, which for Keras has its backend; raises as `plan_trials`."""
    if arm.engine != "numpy":
        check_libraries(arm.engine)
    if arm.engine != "keras":
        return arm.engine
    import_quietly("keras")
    return f"keras-{import_library('keras').backend.backend()}"


def run_tasks(tasks: Sequence[Task], runner: Runner, out: Path | None) -> list[Trial]:
    """Return the trials of tasks in their order; with `out`, those that the file holds already are not run again.

    Each trial is added to the file once it is done, so that a stopped run resumes.

    Raises:
        InputError: a training diverges; those that run at the same time are kept first.
        LdDataError: as `plan_trials`, `load_trials` and `Runner.run`.
    """
    plans = plan_trials(tasks)
    held = load_trials(out, tasks[0].study) if out and out.exists() else []
    known = {trial.key: trial for trial in held}
    done = {plan.key: known[plan.key] for plan in plans if plan.key in known and known[plan.key].origin == plan.origin}
    calls = [
        Call(measure, (task,), {"key": plan.key, "origin": plan.origin}, lambda values: Trial(**values))
        for task, plan in zip(tasks, plans, strict=True)
        if plan.key not in done
    ]
    for _, trial in runner.run(calls, tasks[0].study):
        if out:
            add_trial(trial, out)
        done[trial.key] = trial
    return [done[plan.key] for plan in plans]


def measure(task: Task) -> Trial:
    """Return the trial of a task, run on one thread of linear algebra; raises as `run_tasks`."""
    engine, inputs, plan = find_engine(task.arm), task.arm.load_inputs(), task.arm.find_plan(task.quick)
    start = time.process_time()
    with threadpool_limits(1), hide_progress():
        outcome: Outcome = task.arm.find_measure()(inputs, task.seed, **plan)
    seconds = round(time.process_time() - start, 1)
    outcome = round_outcome(outcome, f"{task.study}, {task.name}, seed {task.seed}")
    origin = (task.arm.describe_protocol(task.quick), inputs.sha256, engine)
    curves = {name: list(values) for name, values in outcome.curves.items()}
    return Trial(task.study, task.name, task.seed, *origin, dict(outcome.figures), curves, seconds)
