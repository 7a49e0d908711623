"""The parts of a report: the outcomes of trials as JSON values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eval.comparison import compare_rows
from eval.intervals import measure_student
from eval.kept.figures import LABELS
from eval.predictions import check_predictions
from eval.report import sweeps
from eval.report.alignment import Probe
from eval.report.cost import count_work, find_prime, measure_energy, measure_memory
from eval.report.fact_checks import ROWS, check_facts
from eval.report.trials import Bench, Outcome, Trial, count_steps
from eval.rules.network import RulePlan, split_rows
from eval.score import average_rows, measure_rows
from ld_data.release.dataset import LatentDataset

FORMAT = 1
HALF, NINE_TENTHS = 0.5, 0.9
RESAMPLES = 2_000
NO_GRADIENT = (
    "predict of this rule is not the forward pass of eval.rules.Network, and it has no `differentiate(x, y)` that "
    "returns the gradient of half the squared error of its own"
)
Values = dict[str, Any]
Curve = tuple[Sequence[float], Sequence[float]]  # skill on held-out rows, and seconds, at the end of each epoch


@dataclass(frozen=True, eq=False)
class Tuned:
    """The plans of a rule at the best learning rates.

    Attributes:
        plan: of the training.
        errors: of the training at each rate, the held-out MSE.
        stream, classes: of one pass over the rows, and of classes in order.
    """

    plan: RulePlan
    errors: Mapping[float, float]
    stream: RulePlan
    classes: RulePlan


def describe_interval(values: Sequence[float]) -> Values:
    """Return the mean of values over seeds with the ends of its 95 % interval, by Student's t; None for one seed."""
    mean, n = float(np.mean(values)), len(values)
    reach = float(measure_student(np.std(values, ddof=1), n)) if n > 1 else None
    low, high = (None, None) if reach is None else (mean - reach, mean + reach)
    return {"mean": mean, "low": low, "high": high, "values": list(values)}


def describe_data(name: str, data: LatentDataset, fits: Sequence[Outcome], seeds: Sequence[int]) -> Values:
    """Return what was measured, and on what."""
    score = fits[0].find_score()
    return {
        "format": FORMAT,
        "rule": name,
        "release": data.name,
        "data_sha256": data.test_sha256,
        "train_rows": len(data.train),
        "test_rows": len(data.test),
        "null": score.null,
        "floor": score.floor,
        "seeds": list(seeds),
    }


def describe_rule(bench: Bench, name: str, fits: Sequence[Outcome], tuned: Tuned) -> Values:
    """Return the figures of a rule over its seeds, and what they cost; a function has seconds alone."""
    figures = {figure: describe_interval([getattr(fit.find_score(), figure) for fit in fits]) for figure in LABELS}
    seconds = describe_interval([fit.seconds[-1] for fit in fits])
    if not isinstance(bench.find(name), type):
        return {"figures": figures, "cost": {"cpu_seconds": seconds}}
    rates = {f"{rate:g}": error if np.isfinite(error) else None for rate, error in tuned.errors.items()}
    curves = [(measure_held_out_skills(bench.data, fit), fit.seconds) for fit in fits]
    cost = describe_cost(tuned.plan, len(bench.data.train), curves) | describe_step(bench, name, tuned.plan)
    plan = asdict(tuned.plan) | {"units": list(tuned.plan.units)}
    stream = {"learning_rate": tuned.stream.learning_rate, "batch_rows": tuned.stream.batch_rows}
    stream |= {"classes_learning_rate": tuned.classes.learning_rate}
    return {"figures": figures, "plan": plan, "stream_plan": stream, "held_out_mse": rates, "cost": cost}


def describe_cost(plan: RulePlan, train_rows: int, curves: Sequence[Curve]) -> Values:
    """Return the passes, the rows and the seconds of trainings from several seeds, and how soon they get far."""
    rows = plan.epochs * math.prod(count_steps(train_rows, plan))
    seconds = describe_interval([seconds[-1] for _, seconds in curves])
    return {"passes": plan.epochs, "training_rows": rows, "cpu_seconds": seconds} | describe_speed(curves)


def describe_step(bench: Bench, name: str, plan: RulePlan) -> Values:
    """Return the products of arrays, the memory and the parameters of a suggestion for a batch."""
    rows = min(plan.batch_rows, len(bench.data.train))
    network = bench.make(name, plan)
    lengths = [length for array in network.weights for axis in array.shape for length in (axis, axis - 1)]  # - biases
    count = find_prime(lengths)  # the work a row is that of any batch, and a prime keeps apart the axis of the rows
    work = count_work(
        bench.make(name, plan), *(np.resize(own, (count, own.shape[1])) for own in bench.take_batch(count))
    )
    return {
        "parameters": sum(array.size for array in network.weights),
        "macs_per_row": work and asdict(work) | {"total": work.total},
        "batch_rows": rows,
        "memory_bytes": measure_memory(network, *bench.take_batch(rows)),
    }


def describe_speed(curves: Sequence[Curve]) -> Values:
    """Return the passes over the data and the seconds until a skill on the held-out rows is reached.

    Both are means over the seeds that reach it, and None if no seed does, as where the best skill is not positive.
    """
    reached: dict[str, list[tuple[int, float]]] = {"to_half": [], "to_nine_tenths_of_best": []}
    for skills, seconds in curves:
        best = max(skills)
        for key, goal in zip(reached, (HALF, NINE_TENTHS * best if best > 0 else np.inf), strict=True):
            passes = next((i for i, skill in enumerate(skills, 1) if skill >= goal), None)
            if passes is not None:
                reached[key].append((passes, seconds[passes - 1]))
    return {
        key: {
            "seeds": len(pairs),
            "passes": float(np.mean([passes for passes, _ in pairs])) if pairs else None,
            "cpu_seconds": float(np.mean([own for _, own in pairs])) if pairs else None,
        }
        for key, pairs in reached.items()
    }


def measure_held_out_skills(data: LatentDataset, fit: Outcome) -> list[float]:
    """Return the skill on the held-out training rows at the end of each epoch of a training."""
    fitted, held = split_rows(len(data.train), np.random.default_rng(fit.seed))
    y = data.train.y[held]
    null = float(np.square(data.train.y[fitted].mean(axis=0) - y).mean())
    floor = float(np.square(data.train.y_mean[held] - y).mean())
    return [(null - error) / (null - floor) for error in fit.held_out]


def describe_differences(name: str, fits: Mapping[str, Sequence[Outcome]], data: LatentDataset) -> Values:
    """Return the figures of a rule minus those of each other one.

    The interval over seeds pairs trainings of one seed; that over rows is the bootstrap of `eval.compare` over test
    rows, of the mean over seeds of each row's figures.
    """
    rows = {
        own: average_rows([measure_rows(check_predictions(fit.predictions, data), data) for fit in outcomes])
        for own, outcomes in fits.items()
    }
    differences: Values = {}
    for other in list(fits)[1:]:
        comparison = compare_rows(rows[name], rows[other], data, resamples=RESAMPLES)
        pairs = list(zip(fits[name], fits[other], strict=True))
        differences[other] = {
            figure: {
                "over_seeds": describe_interval(
                    [getattr(a.find_score(), figure) - getattr(b.find_score(), figure) for a, b in pairs]
                ),
                "over_rows": asdict(getattr(comparison, figure)),
            }
            for figure in LABELS
        }
    return differences


def describe_class(bench: Bench, name: str, fits: Sequence[Outcome], plan: RulePlan) -> Values:
    """Return what can be measured of a class alone: its alignment, its facts, and its energy where that is reported."""
    x, y = bench.take_batch(max(ROWS, plan.batch_rows))
    trial = Trial(name, plan, 0, scored=False)
    return {
        "alignment": describe_alignment([fit.probes for fit in fits], len(bench.data.train), plan),
        "facts": check_facts(bench.find(name), lambda: bench.make(name, plan), x, y),
        "energy_joules": measure_energy(lambda: bench.run(trial)),
    }


def describe_alignment(trainings: Sequence[Sequence[Probe] | None], rows: int, plan: RulePlan) -> Values:
    """Return the cosines, ratios and angles of each layer at each probed step, over the seeds, or why there are none.

    Each has mean, least and greatest.
    """
    probes = [own for own in trainings if own is not None]
    if len(probes) < len(trainings):
        return {"not_measured": NO_GRADIENT}
    steps, each = [probe.step for probe in probes[0]], count_steps(rows, plan)[0]
    result: Values = {"steps": steps, "passes": [step / each for step in steps]}
    for key in ("cosines", "ratios", "angles"):
        layers = len(getattr(probes[0][-1], key))
        result[key] = [
            [_describe_range([getattr(own[i], key)[layer:][:1] for own in probes]) for i in range(len(steps))]
            for layer in range(layers)
        ]
    return result


def _describe_range(values: Sequence[tuple[float | None, ...]]) -> Values | None:
    """Return mean, least and greatest of the values that there are."""
    own = [value for figures in values for value in figures if value is not None]
    return {"mean": float(np.mean(own)), "low": min(own), "high": max(own)} if own else None


def describe_curves(curves: Sequence[sweeps.Sweep], outcomes: Mapping[Trial, Outcome]) -> Values:
    """Return for each curve its values, and for each rule its epochs, learning rates and the skills of the seeds.

    A skill is None if the training failed.

    `failures` are the reasons.
    """
    result: Values = {}
    for sweep in curves:
        own = result.setdefault(
            sweep.name,
            {
                "label": sweeps.LABELS[sweep.name],
                "values": list(sweep.values),
                "epochs": {},
                "learning_rates": {},
                "skill": {},
                "failures": [],
            },
        )
        rule, fits = sweep.trials[0][0].rule, [[outcomes[trial] for trial in row] for row in sweep.trials]
        own["epochs"][rule] = sweep.epochs
        if sweep.epochs:
            own["learning_rates"][rule] = [row[0].plan.learning_rate for row in sweep.trials]
        own["skill"][rule] = [[fit.score.skill if fit.score else None for fit in row] for row in fits]
        own["failures"] += dict.fromkeys(fit.failure for row in fits for fit in row if fit.failure)
    return result


def describe_streams(trials: Sequence[Trial], outcomes: Mapping[Trial, Outcome]) -> Values:
    """Return for each stream and rule the figures at the end, one for each seed; None for those that failed.

    `failures` are the reasons.
    """
    result: Values = {}
    for trial in trials:
        outcome, own = outcomes[trial], result.setdefault(trial.stream, {"figures": {}, "failures": []})
        own["figures"].setdefault(trial.rule, []).append(outcome.figures)
        if outcome.failure and outcome.failure not in own["failures"]:
            own["failures"].append(outcome.failure)
    return result
