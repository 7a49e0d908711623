import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.jobs.calls import Runner
from eval.report.loading import Rule
from eval.report.trials import (
    Bench,
    Outcome,
    Trial,
    count_cores,
    count_steps,
    make_data,
    read_outcome,
    run_trials,
    write_outcome,
)
from eval.report.watch import DivergedError
from eval.rules.backpropagation import Backpropagation
from eval.rules.network import split_rows
from eval.streams import learn_pass
from ld_data.errors import InputError, StorageError
from ld_data.work.workers import open_workers
from tests.support.reports import SMALL

BAD = """
import os

import numpy as np

from eval.rules import Network


class Late(Network):
    steps = 0

    def suggest(self, x, y):
        self.steps += 1
        return [0 * weights + (np.nan if self.steps == 3 else 0) for weights in self.weights]


class Early(Network):
    def suggest(self, x, y):
        return [np.nan * weights for weights in self.weights]


class Lost(Network):
    def suggest(self, x, y):
        os._exit(3)


def answer(x, y, seed):
    return 3


def fail(x, y, seed):
    return y[len(y)]


def shape(x, y, seed):
    return lambda x: x[:, :1]
"""


@pytest.fixture(scope="module")
def bench(data, own_rule):
    (own_rule.folder / "bad_rules.py").write_text(BAD)
    names = ("Late", "Early", "Lost", "answer", "fail", "shape")
    bad = (Rule(f"bad_rules.py:{name}", own_rule.folder) for name in names)
    own = (own_rule, Rule("delta_rule.py:fit", own_rule.folder), Rule("backpropagation", Path()), *bad)
    return Bench(data, own)


def test_a_training_is_scored_and_reproducible(bench):
    trial = Trial("backpropagation", replace(SMALL, learning_rate=1e-2), seed=1, probes=4, keeps=True)
    first, second = bench.run(trial), bench.run(trial)
    assert first.score == second.score
    assert first.score.skill > 0.3
    assert first.predictions.shape == (200, 4)
    assert [probe.step for probe in first.probes] == [1, 4, 13, 48]
    assert len(first.held_out) == len(first.seconds) == 3
    assert first.best == min(first.held_out)
    assert count_steps(600, SMALL) == (16, 32)
    assert count_steps(20, SMALL) == (1, 18)
    assert bench.run(replace(trial, scored=False)).predictions is None


def test_a_function_is_scored(bench):
    outcome = bench.run(Trial("delta_rule.py:fit", SMALL, 0))
    assert outcome.find_score().skill == pytest.approx(0, abs=1e-6)
    assert len(outcome.seconds) == 1


def test_a_stream_is_learned_once_and_has_figures_in_place_of_a_score(bench, data):
    plan = replace(SMALL, learning_rate=1e-2, batch_rows=8)
    trial = Trial("backpropagation", plan, seed=1, stream="drift_90")
    outcome = bench.run(trial)
    network = Backpropagation.make_for(data, SMALL.units, np.random.default_rng(1))
    expected = learn_pass(network, data, plan, 1, "drift", 90).final_skill
    assert outcome.figures == {"skill": {"final": expected}}
    assert outcome.score is None
    assert outcome.held_out == ()
    classes = bench.run(replace(trial, stream="classes")).figures  # 3 classes make 3 tasks
    assert classes["accuracy"]["forgetting"] > 0.1
    assert classes["skill"].keys() == {"average", "forgetting", "forward_transfer"}


def test_a_stream_that_is_not_scored_is_measured_on_held_out_training_rows(bench, data):
    (error,) = bench.run(Trial("backpropagation", SMALL, seed=1, scored=False, stream="one_pass")).held_out
    fitted, held = split_rows(600, np.random.default_rng(1))
    network = Backpropagation.make_for(data, SMALL.units, np.random.default_rng(1))
    learn_pass(network, replace(data, train=pick(data.train, fitted)), SMALL, 1, "pass")
    assert error == pytest.approx(np.square(network.predict(data.train.x[held]) - data.train.y[held]).mean())


def test_a_stream_of_rows_sorted_by_class_holds_out_rows_of_all_classes(data):
    ordered = replace(data, train=pick(data.train, np.argsort(data.train.label, kind="stable")))
    bench = Bench(ordered, (Rule("backpropagation", Path()),))
    for stream in ("one_pass", "classes"):
        outcome = bench.run(Trial("backpropagation", SMALL, 0, scored=False, may_fail=True, stream=stream))
        assert (outcome.failure, outcome.best < np.square(data.train.y).mean()) == ("", True)


def pick(split, rows):
    return replace(split, x=split.x[rows], y=split.y[rows], label=split.label[rows])


@pytest.mark.parametrize("stream", ["one_pass", "classes"])
def test_a_stream_that_a_rule_does_not_take_has_the_reason(bench, stream):
    outcome = bench.run(Trial("bad_rules.py:Late", SMALL, 0, may_fail=True, stream=stream))
    assert outcome.figures is None
    assert "bad_rules.py:Late: 40 of 40 values of the suggestion for layer 1 at step 3" in outcome.failure


def test_conditions_change_the_data(data):
    plain = Trial("backpropagation", SMALL, 0)
    assert make_data(data, plain) is data
    assert len(make_data(data, replace(plain, rows=50)).train) == 50
    noisy = make_data(data, replace(plain, x_noise=1.0))
    for split in ("train", "test"):
        own, other = getattr(data, split), getattr(noisy, split)
        noise = other.x * np.sqrt(2) - own.x
        assert abs(noise.std() - 1) < 0.1
        assert np.array_equal(own.y, other.y)
    assert not np.array_equal(noisy.train.x[:200] - data.train.x[:200], noisy.test.x - data.test.x)
    mixed = make_data(data, replace(plain, label_noise=0.25))
    assert (mixed.train.y != data.train.y).any(axis=1).sum() == 150
    assert np.array_equal(np.sort(mixed.train.y, axis=0), np.sort(data.train.y, axis=0))
    with pytest.raises(InputError, match="must be from 1 to 600; received 601"):
        make_data(data, replace(plain, rows=601))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Early", "bad_rules.py:Early: 40 of 40 values of the suggestion for layer 1 at step 1 are not finite"),
        ("answer", "bad_rules.py:answer: fit must return a function of x or an object with predict; returned int"),
        ("fail", r"bad_rules.py:fail raised with seed 5: IndexError: .* \(bad_rules.py, line 32\)"),
        ("shape", "bad_rules.py:shape: predictions must have shape"),
    ],
)
def test_rules_that_fail_are_named(bench, name, words):
    with pytest.raises(InputError, match=words):
        bench.run(Trial(f"bad_rules.py:{name}", SMALL, 5))


def test_a_condition_that_a_rule_does_not_take_has_no_score(bench):
    outcome = bench.run(Trial("bad_rules.py:fail", SMALL, 0, may_fail=True))
    assert outcome.score is None
    assert "bad_rules.py:fail raised with seed 0" in outcome.failure


def test_a_training_that_diverges_has_no_score(bench):
    outcome = bench.run(Trial("bad_rules.py:Late", SMALL, 0))
    assert "for layer 1 at step 3 are not finite" in outcome.failure
    assert outcome.best == np.inf
    with pytest.raises(InputError, match="at step 3"):
        outcome.find_score()
    assert Outcome().best == np.inf


@pytest.mark.slow
def test_processes_return_the_same(bench):
    trials = [Trial(name, SMALL, seed) for name in ("delta_rule.py:Delta", "backpropagation") for seed in (0, 1)]
    expected = {own: outcome.score for own, outcome in run_trials(bench, trials, Runner(), "fits")}
    with open_workers(2) as workers:
        found = {own: outcome.score for own, outcome in run_trials(bench, trials, Runner(workers), "fits")}
        assert found == expected
        with pytest.raises(DivergedError, match=r"bad_rules.py:Early: 40 of 40 values"):
            list(run_trials(bench, [Trial("bad_rules.py:Early", SMALL, 0)] * 2, Runner(workers), "fits"))
        with pytest.raises(StorageError, match="a worker was killed"):
            list(run_trials(bench, [Trial("bad_rules.py:Lost", SMALL, 0)], Runner(workers), "fits"))


def test_an_outcome_is_kept_as_it_is(bench):
    outcome = bench.run(Trial("backpropagation", SMALL, 0, probes=3, keeps=True))
    again = read_outcome(json.loads(json.dumps(write_outcome(outcome))))
    assert np.array_equal(again.predictions, outcome.predictions)
    assert replace(again, predictions=None).__dict__ == replace(outcome, predictions=None).__dict__
    assert (
        read_outcome(write_outcome(Outcome(3, failure="it diverged"))).__dict__
        == Outcome(3, failure="it diverged").__dict__
    )


def test_cores_are_counted(monkeypatch):
    assert count_cores() >= 1
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert count_cores() == 7
