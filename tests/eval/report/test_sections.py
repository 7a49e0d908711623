from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

from eval.report.alignment import Probe
from eval.report.loading import Rule
from eval.report.sections import (
    NO_GRADIENT,
    describe_alignment,
    describe_class,
    describe_interval,
    describe_speed,
    describe_step,
    measure_held_out_skills,
)
from eval.report.trials import Bench, Outcome
from eval.rules.network import RulePlan, split_rows


def test_intervals_are_student_s():
    values = [0.1, 0.2, 0.4]
    low, high = t.interval(0.95, 2, np.mean(values), np.std(values, ddof=1) / np.sqrt(3))
    own = describe_interval(values)
    assert (own["low"], own["high"]) == pytest.approx((low, high))
    assert own["values"] == values
    assert describe_interval([0.3]) == {"mean": 0.3, "low": None, "high": None, "values": [0.3]}


def test_speed_is_counted_on_the_held_out_rows(data):
    def make(seed, skills):
        fitted, held = split_rows(len(data.train), np.random.default_rng(seed))
        y = data.train.y[held]
        null = np.square(data.train.y[fitted].mean(axis=0) - y).mean()
        floor = np.square(data.train.y_mean[held] - y).mean()
        errors = tuple(null - skill * (null - floor) for skill in skills)
        return measure_held_out_skills(data, Outcome(seed, held_out=errors)), (1.0, 2.0, 3.5)

    speed = describe_speed([make(0, (0.2, 0.41, 0.4)), make(1, (0.3, 0.6, 0.8))])
    assert speed["to_half"] == {"seeds": 1, "passes": 2, "cpu_seconds": 2}
    assert speed["to_nine_tenths_of_best"] == {"seeds": 2, "passes": 2.5, "cpu_seconds": 2.75}
    for skills in ((-0.2, -0.1, -0.1), (0.0, -0.1, -0.1)):
        assert describe_speed([make(0, skills)])["to_nine_tenths_of_best"]["passes"] is None


@pytest.mark.parametrize(("batch_rows", "units"), [(1, 224), (2, 8), (8, 224), (128, 127), (128, 128)])
def test_work_a_row_is_that_of_any_batch(data, batch_rows, units):
    plan = RulePlan(units=(units, units), batch_rows=batch_rows)
    step = describe_step(Bench(data, (Rule("backpropagation", Path()),)), "backpropagation", plan)
    weights = 4 * units + units * units + units * 4
    work = {"forward": weights, "back": weights - 4 * units, "update": weights}
    assert step["macs_per_row"] == work | {"total": sum(work.values())}
    assert step["batch_rows"] == batch_rows


def test_facts_are_checked_on_eight_rows_though_batches_are_smaller(data, monkeypatch):
    monkeypatch.setattr("eval.report.sections.measure_energy", lambda run: None)
    plan = RulePlan(units=(8,), batch_rows=1)
    bench = Bench(data, (Rule("backpropagation", Path()),))
    monkeypatch.setattr("eval.report.sections.check_facts", lambda rule, make, x, y: (len(x), len(y)))
    assert describe_class(bench, "backpropagation", [Outcome()], plan)["facts"] == (8, 8)


def test_alignment_is_gathered_over_seeds():
    plan = RulePlan(batch_rows=9)  # ten steps an epoch of 100 rows
    fits = [(Probe(1, (None, 1.0), (None, 1.0), ()), Probe(20, (own, 1.0), (2.0, 1.0), (80.0,))) for own in (0.2, 0.4)]
    found = describe_alignment(fits, 100, plan)
    assert found["passes"] == [0.1, 2]
    assert found["cosines"][0] == [None, {"mean": pytest.approx(0.3), "low": 0.2, "high": 0.4}]
    assert found["cosines"][1][0]["mean"] == 1
    assert len(found["angles"]) == 1
    assert describe_alignment([*fits, None], 100, plan) == {"not_measured": NO_GRADIENT}
