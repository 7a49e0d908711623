import sys
import time
from dataclasses import replace

import pytest

import eval.__main__ as eval_main
import ld_data
from eval import evaluate, summarise_seeds
from eval.commands.rules import find_kept
from eval.kept.baselines import BaselineRow, save_rows, table_path
from tests.support.command_lines import run, run_json
from tests.support.reports import OWN

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "command_rule.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("eval.baselines.registry.LEARNING_RATES", (1e-2,))
    monkeypatch.setattr("eval.baselines.registry.FURTHER_RATES", 0)
    yield tmp_path
    sys.modules.pop("command_rule", None)


@pytest.mark.untraced
def test_the_report_of_a_rule_in_a_file(release, folder, capsys, small_rules):
    curve = ("--curves", "rows", "--rows", 30)
    words = ("rule", "command_rule.py:Delta", "fake-4", "--jobs", 1, "--seeds", 2, *curve, "--out")
    assert run(eval_main.main, *words, "report") == 0
    shown = capsys.readouterr().out
    assert "command_rule.py:Delta on fake-4, 60 + 30 rows, 2 seeds" in shown
    assert "wrote report: alignment.png" in shown
    assert (folder / "report" / "report.json").is_file()
    assert run(eval_main.main, *words, "report") == 1
    assert "report exists and is not overwritten" in capsys.readouterr().err


def test_a_report_without_figures_as_json(release, folder, capsys, small_rules, monkeypatch):
    monkeypatch.setattr("eval.report.output.publishing.find_spec", lambda name: None)
    words = ("rule", "command_rule:fit", "fake-4", "--jobs", 1, "--seeds", 1, "--limit-train", 30)
    report = run_json(capsys, eval_main.main, *words, "--out", "a")
    assert report["train_rows"] == 30
    assert run(eval_main.main, *words, "--out", "b") == 0
    assert "no figures, since matplotlib is not installed: `pip install" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("command_rule.py:Delta", "--rows", 20, 61), "must be from 1 to 60; received 61"),
        (("command_rule.py:Delta", "--seeds", 0), "seeds must be from 1 to 1000; received 0"),
        (("command_rule.py:Delta", "--jobs", 0), "jobs must be from 1 to 1000; received 0"),
        (("command_rule.py:Gamma",), "no Gamma in command_rule. Defined there: Delta, fit."),
        (("hebb",), "no learning rule 'hebb'. Known: backpropagation"),
    ],
)
def test_bad_input_is_refused_before_any_training(release, folder, words, error, capsys, monkeypatch):
    monkeypatch.setattr("eval.report.measuring.run_trials", None)
    assert run(eval_main.main, "rule", words[0], "fake-4", "--out", "report", *words[1:]) == 1
    assert error in capsys.readouterr().err
    assert not (folder / "report").exists()


def test_kept_baselines_stand_on_the_scale(release):
    data = ld_data.load("fake-4")
    assert find_kept(data) == {}
    (score,) = scores = [evaluate(data.class_mean[data.test.label], data)]
    row = BaselineRow("oracle", (0,), summarise_seeds(scores), score.null, score.floor)
    save_rows([row, replace(row, name="mlp-redrawn")], table_path("fake-4"))
    assert find_kept(data) == {"oracle": pytest.approx(1)}


def test_rules_are_measured_kept_and_checked(release, tmp_path, capsys, small_rules):
    folder = table_path("fake-4").parents[1] / "rules"
    few = ("rules", "--only", "backpropagation", "--jobs", 1)
    assert run(eval_main.main, *few, "--check") == 1
    assert "no trials of rules at" in capsys.readouterr().err
    assert run(eval_main.main, *few, "--seeds", 2, "--out", folder) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("fake-4, 60 training rows, 2 seeds\n")
    assert run(eval_main.main, "rules", "--kept", "--figure", tmp_path / "costs.pdf") == 0
    assert (tmp_path / "costs.pdf").read_bytes().startswith(b"%PDF")
    assert capsys.readouterr().out == shown
    (values,) = run_json(capsys, eval_main.main, *few, "--seeds", 1, "--check")
    assert values["rules"]["backpropagation"]["cost"]["passes"] == 3
    path = folder / "fake-4.json"
    path.write_text(path.read_text().replace('"decoded_accuracy":0', '"decoded_accuracy":7'))
    assert run(eval_main.main, *few, "--seeds", 1, "--check", "--out", tmp_path / "new") == 1
    assert "were not reproduced. backpropagation: decoded_accuracy is 0" in capsys.readouterr().err
    for words, error in (
        (("--check", "--out", folder), "holds trials already"),
        (("--kept", "--check"), "nothing to check"),
    ):
        assert run(eval_main.main, *few, *words) == 1
        assert error in capsys.readouterr().err


def spend(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_the_processor_seconds_of_workers_count(release, folder, capsys, monkeypatch):
    def measure(rule, data, wishes):
        wishes.runner.workers.executor.submit(spend, 0.5).result()
        return {"seconds": {"wall": 1.0, "cpu": 0.0}}

    monkeypatch.setattr("eval.commands.rules.measure_rule", measure)
    monkeypatch.setattr("eval.commands.rules.publish_report", lambda report, kept, out: [])
    monkeypatch.setattr("eval.commands.rules.write_text", lambda report: "")
    report = run_json(capsys, eval_main.main, "rule", "backpropagation", "fake-4", "--jobs", 2, "--out", "spent")
    assert report["seconds"]["cpu"] >= 0.5
