import math

import numpy as np
import pytest

import eval.__main__ as eval_main
import ld_data
from eval import evaluate
from eval.kept.ladders import climbs_path, find_climbs
from eval.rules.backpropagation import RandomFeatures
from eval.rules.network import RulePlan, fit_network
from tests.support.command_lines import run, run_json
from tests.support.reports import OWN

OTHERS = """
import numpy as np


class Nothing(Delta):
    def suggest(self, x, y):
        return None


class Nan(Delta):
    def suggest(self, x, y):
        return [np.nan * weights for weights in self.weights]


class Flat(Delta):
    def suggest(self, x, y):
        return [weights[0] for weights in self.weights]


class Plain:
    plan = Delta.plan

    def __init__(self, sizes, random):
        self.inner = Delta(sizes, random)
        self.weights = self.inner.weights

    def suggest(self, x, y):
        return self.inner.suggest(x, y)

    def predict(self, x):
        self.inner.weights = self.weights
        return self.inner.predict(x)
"""


@pytest.mark.slow
def test_ladder_of_a_baseline(release, capsys, monkeypatch):
    monkeypatch.setattr("ld_data.progress.SECONDS", math.inf)
    (result,) = run_json(capsys, eval_main.main, "ladder", "linear", "--release", "fake-4", "--limit-train", 50)
    assert (result["release"], result["model"], result["rows"]) == ("fake-4", "linear", 50)
    words = {rung["task"]: rung["word"] for rung in result["rungs"]}
    assert words["rotation"] == "learned"
    assert words["teacher"] != "learned"
    place = climbs_path("fake-4")
    assert run(eval_main.main, "ladder", "linear", "--release", "fake-4", "--out", place) == 0
    kept = find_climbs("fake-4", ld_data.load("fake-4").test_sha256)["linear"]
    assert (kept.rows, {step.task for step in kept.steps}) == (60, set(words))
    shown = capsys.readouterr()
    assert "fake-4, 60 + 30 rows, the model linear" in shown.out
    assert "linear lacks these abilities first: to follow a smooth nonlinear map" in shown.out
    assert shown.err == ""  # no bars, not on a terminal


def test_ladder_of_a_function_of_the_user(release, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    source = "def fit(x_train, y_train, seed):\n    return lambda x: x\n\n\ndef broken(x, y, seed):\n    return 3\n"
    (tmp_path / "copier.py").write_text(source)
    figure, words = tmp_path / "bars.svg", ("ladder", "copier:fit", "linear", "--release", "fake-4", "--twists", 2)
    assert run(eval_main.main, *words, "--figure", tmp_path / "bars.gif") == 1
    assert "--figure must end in .png, .svg, .pdf; received" in capsys.readouterr().err
    results = run_json(capsys, eval_main.main, *words, "--figure", figure)
    assert [[rung["task"] for rung in own["rungs"]] for own in results] == [["twist-2"]] * 2
    assert [own["model"] for own in results] == ["copier:fit", "linear"]
    assert figure.read_text("utf-8").startswith("<?xml")
    (result,) = run_json(capsys, eval_main.main, "ladder", "copier:fit", "--release", "fake-4")
    assert [rung["task"] for rung in result["rungs"] if rung["word"] == "learned"] == ["identity"]
    for name, words in (
        ("copier:broken", "fit must return a function of x"),
        ("copier:nope", "Defined there: fit, broken"),
        ("not_there:fit", "no module not_there"),
    ):
        assert run(eval_main.main, "ladder", name, "--release", "fake-4") == 1
        assert words in capsys.readouterr().err


def test_ladder_of_a_rule_of_the_user(release, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ladder_rule.py").write_text(OWN + OTHERS)
    words = ("--release", "fake-4", "--twists", 0)
    delta, plain = run_json(capsys, eval_main.main, "ladder", "ladder_rule.py:Delta", "ladder_rule.py:Plain", *words)
    assert delta["rungs"] == plain["rungs"]
    data, plan = ld_data.load("fake-4"), RulePlan(units=(8, 8), epochs=3, batch_rows=32)
    network = fit_network(RandomFeatures.make_for(data, plan.units, np.random.default_rng(0)), data, plan, 0, "rule")
    assert delta["rungs"][0]["mse"] == pytest.approx(evaluate(network, data).mse)
    for name, error in (
        ("Nothing", "at step 1 it returned nothing"),
        ("Nan", "40 of 40 values"),
        ("Flat", "must be an array of floats (5, 8)"),
    ):
        assert run(eval_main.main, "ladder", f"ladder_rule.py:{name}", *words) == 1
        assert error in capsys.readouterr().err
