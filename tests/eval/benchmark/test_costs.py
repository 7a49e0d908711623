from contextlib import nullcontext

import pytest

import eval.__main__ as eval_main
from eval.benchmark import costs
from tests.support.command_lines import run, run_json


def run_fake(name, way, root):
    if (name, way) == ("build", "by hand"):
        return None
    seconds = {"load": 2.0, "build": 3.0}[name] if root == costs.ROOT else 1.9
    return {"seconds": seconds, "processor": seconds / (2 if way == "by hand" else 1), "megabytes": 50.0}


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(costs, "_run_task", run_fake)
    monkeypatch.setattr(costs, "_open_revision", lambda _: nullcontext("other"))


def test_costs_stand_beside_those_by_hand(fake, capsys):
    assert run(eval_main.main, "benchmark", "--only", "load", "build") == 0
    shown = capsys.readouterr()
    assert "build, turn 3 of 3" in shown.err
    rows = [line.split() for line in shown.out.splitlines()]
    assert rows[0] == ["task", "s", "processor", "s", "MB", "by", "hand", "times"]
    assert rows[-2:] == [["load", "2", "2", "50", "1", "2.00"], ["build", "3", "3", "50"]]


def test_a_task_that_became_slower_fails(fake, capsys):
    assert run(eval_main.main, "benchmark", "--only", "load", "build", "--against", "HEAD~1", "--turns", 1) == 1
    shown = capsys.readouterr()
    assert "1.58" in shown.out
    assert "slower than HEAD~1 by more than a tenth: build." in shown.err


@pytest.mark.slow
def test_a_task_runs_in_a_process_of_its_own(capsys):
    found = run_json(capsys, eval_main.main, "benchmark", "--only", "load", "--turns", 1)
    assert found["load"]["ours"]["processor"] > 0
    assert set(found["load"]) == {"ours", "by hand"}


def test_an_unknown_commit_is_named(capsys):
    assert run(eval_main.main, "benchmark", "--only", "load", "--against", "no-such") == 1
    assert "--against must name a commit of this clone" in capsys.readouterr().err
