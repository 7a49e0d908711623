import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.names import RULES
from eval.report.loading import Rule
from eval.report.measuring import Wishes, measure_rule
from eval.report.trials import Bench, Trial
from eval.report.watch import DivergedError
from eval.rules.network import Network, RulePlan
from ld_data.errors import InputError
from ld_data.release.dataset import subset

RATES = "eval.baselines.registry.LEARNING_RATES"
DEPTHS = "eval.report.sweeps.DEPTHS"


def test_a_report_holds_every_part_as_json(report):
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert list(report["rules"]) == ["delta_rule.py:Delta", "backpropagation", "feedback-alignment", "random-features"]
    own = report["rules"]["delta_rule.py:Delta"]
    assert own["figures"]["skill"]["mean"] > 0.05
    assert own["held_out_mse"].keys() == {"0.001", "0.01"}
    assert own["plan"]["learning_rate"] == min((0.001, 0.01), key=lambda rate: own["held_out_mse"][f"{rate:g}"])
    assert own["cost"]["macs_per_row"] == {"forward": 128, "back": 0, "update": 32, "total": 160}
    assert own["cost"]["parameters"] == 5 * 8 + 9 * 8 + 9 * 4
    assert report["seconds"]["cpu"] > 0
    assert (report["train_rows"], report["test_rows"], report["seeds"]) == (600, 200, [0, 1])


def test_differences_pair_seeds_and_rows(report):
    its = report["differences"]["backpropagation"]["skill"]
    skills = {name: rule["figures"]["skill"]["values"] for name, rule in report["rules"].items()}
    expected = np.subtract(skills["delta_rule.py:Delta"], skills["backpropagation"])
    assert its["over_seeds"]["values"] == pytest.approx(expected)
    assert its["over_rows"]["value"] == pytest.approx(expected.mean())
    assert its["over_rows"]["low"] < its["over_rows"]["value"] < its["over_rows"]["high"]


def test_the_output_of_the_delta_rule_follows_the_gradient_and_the_hidden_layers_do_not(report):
    hidden, _, output = report["alignment"]["cosines"]
    assert {point and point["mean"] for point in hidden} == {None}
    assert all(point["mean"] == pytest.approx(1) for point in output)
    assert report["facts"]["weight_transport"] | {"meaning": ""} == {
        "meaning": "",
        "declared": "values",
        "found": "none",
        "check": "does not hold",
    }


def test_the_curve_over_rows_ends_with_the_figures_of_all_rows(report):
    assert list(report["curves"]) == ["rows", "batch_rows"]
    for name, skills in report["curves"]["rows"]["skill"].items():
        assert skills[-1] == report["rules"][name]["figures"]["skill"]["values"]
    assert report["curves"]["batch_rows"]["values"] == [1, 8, 32]


def test_streams_are_measured_for_the_rule_and_the_references(report):
    assert list(report["streams"]) == ["one_pass", "drift_90", "drift_360", "classes"]
    for stream in report["streams"].values():
        assert stream["failures"] == []
        assert {name: len(ends) for name, ends in stream["figures"].items()} == dict.fromkeys(report["rules"], 2)
    ends = {name: stream["figures"]["backpropagation"][0] for name, stream in report["streams"].items()}
    assert ends["one_pass"]["skill"]["final"] > ends["drift_360"]["skill"]["final"]
    plans = [rule["stream_plan"] for rule in report["rules"].values()]
    assert {plan["learning_rate"] for plan in plans} <= {0.001 / 2, 0.01 / 2}  # for batches of 8 rows in place of 32
    assert ends["classes"].keys() == {"accuracy", "skill"}
    assert ends["classes"]["accuracy"].keys() == {"average", "forgetting", "forward_transfer"}


def test_references_have_the_plan_of_the_rule_but_for_the_learning_rate(report):
    plans = [rule["plan"] | {"learning_rate": None} for rule in report["rules"].values()]
    assert plans == [{"units": [8, 8], "learning_rate": None, "epochs": 3, "batch_rows": 32}] * 4


def test_a_rule_that_learns_its_output_alone_is_level_with_random_features(report):
    """Delta is that rule: the same weights, batches and rates, so the same skills."""
    difference = report["differences"]["random-features"]["skill"]
    assert difference["over_seeds"]["values"] == [0, 0]
    assert not difference["over_rows"]["is_significant"]


def test_learning_rates_follow_the_rows_and_the_depth(data, own_rule, small_rules, monkeypatch):
    monkeypatch.setattr(RATES, (1e-2,))
    monkeypatch.setattr(DEPTHS, (1, 2))
    report = measure_rule(own_rule, subset(data, 300), Wishes((0,), ("rows", "depth", "x_noise"), (100, 300)))
    rates = {name: curve["learning_rates"]["delta_rule.py:Delta"] for name, curve in report["curves"].items()}
    assert rates["rows"][1] == 1e-2
    assert set(rates["x_noise"]) == {1e-2}
    bench, plan = Bench(subset(data, 300), (own_rule,)), RulePlan(units=(8, 8), epochs=3, batch_rows=32)
    conditions = [(100, (8, 8)), (300, (8,)), (300, (8, 8))]
    for chosen, (rows, units) in zip([rates["rows"][0], *rates["depth"]], conditions, strict=True):
        plans = [replace(plan, units=units, learning_rate=rate) for rate in (3e-3, 1e-2, 3e-2)]
        best = min(plans, key=lambda own: bench.run(Trial(own_rule.name, own, 0, rows=rows)).best)
        assert chosen == best.learning_rate


def test_a_rule_can_learn_the_class_means_in_place_of_y(data, own_rule, small_rules, monkeypatch):
    monkeypatch.setattr(RATES, (1e-2,))
    whole, noise_free = (measure_rule(own_rule, data, Wishes((0,), (), noise_free=on)) for on in (False, True))
    assert (whole["noise_free"], noise_free["noise_free"]) == (False, True)
    skills = [report["rules"]["backpropagation"]["figures"]["skill"]["mean"] for report in (whole, noise_free)]
    assert skills[1] > skills[0]


def test_a_function_is_measured_from_outside(data, own_rule, small_rules, monkeypatch):
    monkeypatch.setattr(RATES, (1e-2,))
    report = measure_rule(Rule("delta_rule.py:fit", own_rule.folder), data, Wishes((0,), ("rows", "depth"), (600,)))
    assert list(report["curves"]) == ["rows"]
    assert report["curves"]["rows"]["epochs"] == {"delta_rule.py:fit": None, "backpropagation": 3}
    assert report["rules"]["delta_rule.py:fit"].keys() == {"figures", "cost"}
    assert "alignment" not in report
    assert report["streams"] == {}
    assert report["differences"]["feedback-alignment"]["skill"]["over_seeds"]["low"] is None


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize("name", RULES)
def test_built_in_rules_go_through_the_same_door(name, data, small_rules, monkeypatch):
    rule = Rule(name, Path())
    monkeypatch.setattr(rule.load(), "plan", RulePlan(units=(8, 8), learning_rate=1e-2, epochs=2, batch_rows=32))
    monkeypatch.setattr(RATES, (1e-2,))
    monkeypatch.setattr(DEPTHS, (1, 3))
    monkeypatch.setattr("eval.report.measuring.REFERENCES", ("backpropagation",))
    report = measure_rule(rule, subset(data, 200), Wishes((0,), ("depth",)))
    assert report["curves"]["depth"]["failures"] == []
    assert [stream["failures"] for stream in report["streams"].values()] == [[]] * 4
    assert report["rules"][name]["cost"]["macs_per_row"]["update"] > 0
    assert "not_measured" not in report["alignment"]


@pytest.mark.slow
def test_a_rate_that_diverges_is_left_out_and_a_rule_that_always_does_is_refused(data, small_rules, monkeypatch):
    monkeypatch.setattr(RATES, (1e-2, 1e3))

    class Squared(Network):
        """It explodes at high rates."""

        plan = RulePlan(units=(8, 8), epochs=3, batch_rows=32)

        def suggest(self, x, y):
            return [-np.where(abs(weights) > 10, np.inf, weights) for weights in self.weights]

    class Late(Squared):
        def suggest(self, x, y):
            self.steps = getattr(self, "steps", 0) + 1
            return [weights * (np.nan if self.steps > 2 else 0) for weights in self.weights]

    load = Rule.load
    monkeypatch.setattr(Rule, "load", lambda rule: {"squared": Squared, "late": Late}.get(rule.name) or load(rule))
    report = measure_rule(Rule("squared", Path()), data, Wishes((0,), ()))
    assert report["rules"]["squared"]["held_out_mse"]["1000"] is None
    with pytest.raises(DivergedError, match=r"late: .* layer 1 at step 3"):
        measure_rule(Rule("late", Path()), data, Wishes((0,), ()))


def test_bad_wishes_are_refused_before_any_training(data, own_rule, monkeypatch):
    monkeypatch.setattr("eval.report.measuring.run_trials", None)
    with pytest.raises(InputError, match="seeds must be from 1 to 1000; received 0"):
        measure_rule(own_rule, data, Wishes(()))
    with pytest.raises(InputError, match=r"seed must be from 0 to .*; received -1"):
        measure_rule(own_rule, data, Wishes((0, -1)))
    with pytest.raises(InputError, match=r"curves must be among rows, .*; received 'length'"):
        measure_rule(own_rule, data, Wishes(curves=("length",)))
    with pytest.raises(InputError, match="received 700"):
        measure_rule(own_rule, data, Wishes(rows=(700,)))
