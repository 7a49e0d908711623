"""Trials: trainings of rules under stated conditions, made by any workers."""

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np

from eval.baselines.registry import find_best
from eval.evaluation import evaluate
from eval.jobs.calls import Call, Runner
from eval.jobs.data import Sent, hash_data, open_data
from eval.ladder import run_fit
from eval.predictions import predict
from eval.report.alignment import Probe
from eval.report.loading import Rule, describe_error, make_network
from eval.report.watch import DivergedError, Watched, fit_watched
from eval.rules.network import HELD_OUT, Network, RulePlan, measure_error, split_rows
from eval.score import Score
from eval.streams import TASKS, learn_classes, learn_pass
from ld_data.errors import InputError, LdDataError
from ld_data.noise import make_normals
from ld_data.progress import hide_progress
from ld_data.release.dataset import LatentDataset, subset
from ld_data.typing import Floats

FIRST_STREAM = 1 << 44  # of the noise on x, apart from the streams of latents and of the ladder
TURNS = {"one_pass": 0.0, "drift_90": 90.0, "drift_360": 360.0}  # of x along a stream, in degrees
STREAMS = (*TURNS, "classes")


@dataclass(frozen=True)
class Trial:
    """A training.

    Attributes:
        rule: its name.
        rows: of the training rows the first so many; None for all.
        x_noise: standard deviation of normal noise on x, in training and test rows; x keeps the variance 1.
        label_noise: share of the training rows that exchange their y with each other.
        probes: how many steps are compared with the gradient.
        keeps: whether the predictions for the test rows come back.
        scored: whether the test rows are predicted at all.
        may_fail: whether a rule that does not take the condition has an outcome without a score, in place of an error.
        stream: that the rule learns from in place of a training, one of `STREAMS`; "" for none.
    """

    rule: str
    plan: RulePlan
    seed: int
    rows: int | None = None
    x_noise: float = 0.0
    label_noise: float = 0.0
    probes: int = 0
    keeps: bool = False
    scored: bool = True
    may_fail: bool = False
    stream: str = ""


@dataclass(frozen=True, eq=False)
class Outcome:
    """The result of a trial.

    Attributes:
        seed: of the trial.
        score: on the test rows; None if the training failed, or none was asked for.
        held_out: MSE on held-out training rows at the end of each epoch, or of a stream; empty for a function.
        seconds: of the processor up to the end of each epoch, or of the whole fit of a function.
        probes: None if the network has no gradient to compare with.
        failure: why the training failed, or "".
        figures: at the end of a stream, by what they are measured in, skill or accuracy.
    """

    seed: int = 0
    score: Score | None = None
    held_out: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    probes: tuple[Probe, ...] | None = None
    predictions: Floats | None = None
    failure: str = ""
    figures: Mapping[str, Mapping[str, float]] | None = None

    def find_score(self) -> Score:
        """Return the score.

        Raises:
            InputError: it has none, since the training failed; the message is that of the failure.
        """
        if self.score is None:
            raise InputError(self.failure)
        return self.score

    @property
    def best(self) -> float:
        """The MSE on held-out rows at the best epoch; infinite if the training failed."""
        return np.inf if self.failure else find_best(self.held_out)


@dataclass(frozen=True, eq=False)
class Bench:
    """A dataset, and the rules that trials on it name."""

    data: LatentDataset
    rules: tuple[Rule, ...]
    loaded: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """Return the class or the function of a rule, loaded once; raises as `Rule.load`."""
        if name not in self.loaded:
            self.loaded[name] = next(rule for rule in self.rules if rule.name == name).load()
        return self.loaded[name]

    def make(self, name: str, plan: RulePlan) -> Any:
        """Return a new network of a class, the same one each time; raises as `make_network`."""
        return make_network(name, self.find(name), self.data, plan, seed=0)

    def take_batch(self, rows: int) -> tuple[Floats, Floats]:
        """Return copies of the x and y `(n, d)` of the first training rows."""
        first = self.data.train.take(rows)
        return first.x.copy(), first.y.copy()

    def run(self, trial: Trial) -> Outcome:
        """Return the outcome of a trial, in silence.

        Raises:
            InputError: the rule raises, or suggests something else than it should; the message names rule, layer, step.
        """
        data, found = make_data(self.data, trial), self.find(trial.rule)
        fit = _learn_stream if trial.stream else _train if isinstance(found, type) else _fit_function
        with hide_progress(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                return fit(found, data, self.data, trial)
            except InputError as error:
                if not trial.may_fail:
                    raise
                return Outcome(trial.seed, failure=str(error))


def make_data(data: LatentDataset, trial: Trial) -> LatentDataset:
    """Return the dataset of a trial; raises `InputError` for more rows than there are, or too few."""
    if trial.rows is not None:
        data = subset(data, trial.rows)
    if trial.x_noise:
        parts = {}
        for stream, name in enumerate(("train", "test")):
            x = getattr(data, name).x
            noise = make_normals(trial.seed, FIRST_STREAM + stream, 0, *x.shape)
            noisy = (x + trial.x_noise * noise) / np.sqrt(1 + trial.x_noise**2)
            parts[name] = replace(getattr(data, name), x=noisy.astype(np.float32))
        data = replace(data, **parts)
    if trial.label_noise:
        random = np.random.default_rng((trial.seed, 2))
        chosen = random.permutation(len(data.train))[: round(trial.label_noise * len(data.train))]
        y = data.train.y.copy()
        y[chosen] = y[np.roll(chosen, 1)]
        data = replace(data, train=replace(data.train, y=y))
    return data


def count_steps(rows: int, plan: RulePlan) -> tuple[int, int]:
    """Return the number of steps of `fit_network` in an epoch of so many training rows, and the rows of a step."""
    fitted = rows - max(1, round(rows * HELD_OUT))
    batch_rows = min(plan.batch_rows, fitted)
    return fitted // batch_rows, batch_rows


def _train(rule: type, data: LatentDataset, whole: LatentDataset, trial: Trial) -> Outcome:
    """Return the outcome of a class with `suggest`, in the loop that all rules share."""
    steps = trial.plan.epochs * count_steps(len(data.train), trial.plan)[0]
    probed = {round(step) for step in np.geomspace(1, steps, trial.probes)} if trial.probes else ()
    network = Watched(make_network(trial.rule, rule, data, trial.plan, trial.seed), trial.rule, probed)
    try:
        fit_watched(network, data, trial.plan, trial.seed)
    except DivergedError as error:
        if network.step < 2:  # weights are as they were drawn, so no step was too long
            raise
        return Outcome(trial.seed, failure=str(error))
    probes = None if None in network.probes else tuple(cast(list[Probe], network.probes))
    outcome = Outcome(trial.seed, None, tuple(network.held_out_errors), tuple(network.seconds), probes)
    return _score(outcome, network.network, data, whole, trial)


def _learn_stream(rule: type, data: LatentDataset, whole: LatentDataset, trial: Trial) -> Outcome:
    """Return the outcome of a class with `suggest` that learns from each row of a stream once."""
    network = cast(Network, Watched(make_network(trial.rule, rule, data, trial.plan, trial.seed), trial.rule))
    if not trial.scored:  # a tenth of the training rows takes the place of the test rows
        train, parts = data.train, split_rows(len(data.train), np.random.default_rng(trial.seed))
        fitted, held = (replace(train, x=train.x[own], y=train.y[own], label=train.label[own]) for own in parts)
        data = replace(data, train=fitted, test=held)
    figures: dict[str, dict[str, float]] = {}
    if trial.stream in TURNS:
        end = learn_pass(network, data, trial.plan, trial.seed, trial.rule, TURNS[trial.stream])
        figures["skill"] = {"final": end.final_skill}
    else:
        result = learn_classes(network, data, trial.plan, trial.seed, trial.rule, min(TASKS, data.classes))
        for kind in ("accuracy", "skill"):
            figures[kind] = asdict(getattr(result, kind))
            del figures[kind]["matrix"]
    held_out = () if trial.scored else (measure_error(network, data.test.x, data.test.y),)
    return Outcome(trial.seed, held_out=held_out, figures=figures)


def _fit_function(fit: Any, data: LatentDataset, whole: LatentDataset, trial: Trial) -> Outcome:
    """Return the outcome of a function `fit(x, y, seed)`."""
    start = time.process_time()
    try:
        model = run_fit(lambda own, seed: fit(own.train.x.copy(), own.train.y.copy(), seed), data, trial.seed)
    except LdDataError as error:
        raise InputError(f"{trial.rule}: {error}") from error
    except Exception as error:
        raise InputError(f"{trial.rule} raised with seed {trial.seed}: {describe_error(error)}.") from error
    return _score(Outcome(trial.seed, seconds=(time.process_time() - start,)), model, data, whole, trial)


def _score(outcome: Outcome, model: Any, data: LatentDataset, whole: LatentDataset, trial: Trial) -> Outcome:
    """Return an outcome with the score on the test rows, whose null is that of all training rows."""
    if not trial.scored:
        return outcome
    test = replace(whole, test=data.test)
    try:
        predictions = predict(model, test)
    except LdDataError as error:
        raise InputError(f"{trial.rule}: {error}") from error
    except Exception as error:
        raise InputError(f"{trial.rule}: predict raised for the test rows: {describe_error(error)}.") from error
    score = evaluate(predictions.values, test)
    return replace(outcome, score=score, predictions=predictions.values if trial.keeps else None)


@lru_cache(2)
def open_bench(sent: Sent, rules: tuple[Rule, ...]) -> Bench:
    """Return the bench of another process, the same one for the same reference."""
    return Bench(open_data(sent), rules)


def run_trial(bench: Bench | tuple[Sent, tuple[Rule, ...]], trial: Trial) -> Outcome:
    """Return the outcome of a trial on a bench, or on one that this process opens; raises as `Bench.run`."""
    return (bench if isinstance(bench, Bench) else open_bench(*bench)).run(trial)


def run_trials(bench: Bench, trials: Sequence[Trial], runner: Runner, title: str) -> Iterator[tuple[Trial, Outcome]]:
    """Yield each trial with its outcome once it is done, under a progress bar.

    Raises:
        InputError: as `Bench.run`.
        StorageError: as `Runner.run`.
    """
    rules, hashes = {rule.name: rule for rule in bench.rules}, hash_data(bench.data)
    sent = bench if runner.workers.are_here else (runner.send(bench.data), bench.rules)
    calls = {}
    for trial in trials:
        bench.find(trial.rule)
        depends_on = {"trial": asdict(trial), "source": rules[trial.rule].hash_source(), "data": hashes}
        calls[Call(run_trial, (sent, trial), depends_on, read_outcome, write_outcome)] = trial
    for call, outcome in runner.run(list(calls), title):
        yield calls[call], outcome


def write_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON values."""
    values = {name: getattr(outcome, name) for name in ("seed", "held_out", "seconds", "failure", "figures")}
    values["score"] = outcome.score and outcome.score.to_json()
    values["probes"] = None if outcome.probes is None else [asdict(probe) for probe in outcome.probes]
    if (found := outcome.predictions) is not None:
        values["predictions"] = {"rows": len(found), "float32": b64encode(found.astype("<f4").tobytes()).decode()}
    return values


def read_outcome(values: dict[str, Any]) -> Outcome:
    """Return the outcome of JSON values; raise `TypeError`, `KeyError` or `ValueError` for others."""
    score, probes, found = values["score"], values["probes"], values.get("predictions")
    changed: dict[str, Any] = {"score": score and Score(**score)}
    changed |= {name: tuple(values[name]) for name in ("held_out", "seconds")}
    if probes is not None:
        changed["probes"] = tuple(
            Probe(own["step"], *(tuple(own[name]) for name in ("cosines", "ratios", "angles"))) for own in probes
        )
    if found is not None:
        changed["predictions"] = np.frombuffer(b64decode(found["float32"]), "<f4").reshape(found["rows"], -1)
    return Outcome(**values | changed)


def count_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
