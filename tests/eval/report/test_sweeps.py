from dataclasses import replace

import pytest

from eval.report.sweeps import CURVES, list_values, make_stream, make_sweep
from eval.report.trials import Trial
from eval.rules.network import RulePlan
from ld_data.errors import InputError

PLAN = RulePlan(units=(32, 32), learning_rate=1e-2, epochs=20, batch_rows=128)
PLAIN = Trial("mine", PLAN, 0, 600)


def test_each_curve_changes_one_condition(data):
    values = list_values(data, PLAN, None)
    assert list(values) == list(CURVES)
    assert values["rows"] == [300, 600]
    assert values["width"] == [16, 32, 64, 256]
    assert values["batch_rows"] == [1, 8, 128]
    sweeps = {name: make_sweep(name, PLAIN, (3, 4), values[name]) for name in CURVES}
    assert {name: sweep.epochs for name, sweep in sweeps.items()} == {
        name: {"rows": 20, "batch_rows": 1}.get(name, 5) for name in CURVES
    }
    last = {name: sweep.trials[-1][-1] for name, sweep in sweeps.items()}
    assert {trial.seed for trial in last.values()} == {4}
    assert last["rows"].plan == PLAN
    assert last["depth"].plan.units == (32,) * 8
    assert last["width"].plan.units == (256, 256)
    assert last["x_noise"].x_noise == 1
    assert last["label_noise"].label_noise == 0.4
    # curves share the trial without a change
    same = {sweeps[name].trials[index][0] for name, index in (("depth", 1), ("x_noise", 0), ("label_noise", 0))}
    assert len(same) == 1


def test_a_plan_without_hidden_layers_has_no_depth_and_no_width(data):
    assert list(list_values(data, replace(PLAN, units=()), None)) == ["rows", "x_noise", "label_noise", "batch_rows"]


def test_the_figures_of_all_rows_are_those_of_the_plain_trial_and_fewer_rows_may_fail():
    plain = replace(PLAIN, probes=16, keeps=True)
    few, whole = (own[0] for own in make_sweep("rows", plain, (0,), (300, 600)).trials)
    assert whole == plain
    assert few == replace(plain, rows=300, probes=0, keeps=False, may_fail=True)


def test_usual_numbers_of_rows_that_lack_a_class_are_left_out(data, monkeypatch):
    monkeypatch.setattr("eval.report.sweeps.ROWS", (1, 300))
    assert list_values(data, PLAN, None)["rows"] == [300, 600]


def test_rows_are_checked_for_their_own_curve_alone(data):
    assert list(list_values(data, PLAN, (601,), ("x_noise",))) == ["x_noise"]


def test_the_learning_rate_follows_the_root_of_the_batch():
    rates = [own[0].plan.learning_rate for own in make_sweep("batch_rows", PLAIN, (0,), (1, 8, 128)).trials]
    assert rates == pytest.approx([1e-2 / 128**0.5, 1e-2 / 4, 1e-2])


def test_streams_come_in_small_batches():
    stream = make_stream(PLAIN, "one_pass")
    assert (stream.stream, stream.plan.batch_rows, stream.plan.learning_rate) == ("one_pass", 8, 1e-2 / 4)
    online = replace(PLAIN, plan=replace(PLAN, batch_rows=1))
    assert make_stream(online, "classes").plan == online.plan


def test_more_rows_than_there_are_are_refused(data):
    assert list_values(data, PLAN, (10, 600))["rows"] == [10, 600]
    for rows, words in ((601, "must be from 1 to 600; received 601"), (1, "hold 1 of 3 classes")):
        with pytest.raises(InputError, match=f"the curve over training rows cannot be measured: .*{words}"):
            list_values(data, PLAN, (rows,))
