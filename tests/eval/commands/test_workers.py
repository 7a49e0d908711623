"""The commands of sweeps on a real scheduler and two worker processes: as one process, and resumed."""

from dataclasses import replace
from functools import partial

import distributed
import pytest

import eval.__main__ as eval_main
from eval.studies.design.study import find_study
from tests.support.command_lines import run_json
from tests.support.reports import OWN

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

SWEEPS = {
    "baselines": ("baselines", "fake-4", "--only", "associative-memory", "backpropagation", "--seeds", 2),
    "tune": ("tune", "fake-4", "backpropagation"),
    "ladder": ("ladder", "own_rule.py:Delta", "associative-memory", "--release", "fake-4"),
    "rule": ("rule", "own_rule.py:Delta", "fake-4", "--seeds", 1, "--curves", "rows", "--rows", 60, "--out", "report"),
    "classify": ("classify", "mnist1d-logistic", "fake-4", "--epochs", 2),
    "study": ("study", "learning-rate", "--quick", "--only", "mlp-descent", "--seeds", 1),
}


@pytest.fixture
def folder(release, tmp_path, monkeypatch):
    (tmp_path / "own_rule.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("eval.baselines.registry.LEARNING_RATES", (3e-3, 1e-2))
    monkeypatch.setattr("eval.baselines.registry.FURTHER_RATES", 0)
    arms = find_study("learning-rate").arms
    monkeypatch.setitem(arms, "mlp-descent", replace(arms["mlp-descent"], quick={"outer": 2, "steps": 20}))
    monkeypatch.setattr("eval.commands.rules.publish_report", lambda *_: [])  # draws for seconds
    return tmp_path


def strip(values):
    """The values without what differs from run to run."""
    if isinstance(values, dict):
        timed = ("seconds", "cpu_seconds", "cost", "fingerprint")
        return {name: strip(value) for name, value in values.items() if name not in timed}
    return [strip(value) for value in values] if isinstance(values, list) else values


def test_sweeps_on_a_cluster_are_those_of_one_process_and_resume(folder, capsys):
    """A thread, which is sent the same, spares `classify` another process with Keras, and has the small `study`."""
    make = partial(distributed.LocalCluster, threads_per_worker=1, dashboard_address=":0")
    with make(n_workers=2) as processes, make(n_workers=1, processes=False, protocol="tcp") as thread:
        for name, words in SWEEPS.items():
            trials = ("--trials", folder / name)
            place = ("--cluster", (thread if name in ("classify", "study") else processes).scheduler_address)
            found = run_json(capsys, eval_main.main, *words, *place, *trials)
            files = {path: path.stat().st_mtime_ns for path in (folder / name).iterdir()}
            assert files, name
            assert strip(run_json(capsys, eval_main.main, *words, "--jobs", 1, *trials)) == strip(found), name
            assert {path: path.stat().st_mtime_ns for path in (folder / name).iterdir()} == files, name
            if name in ("baselines", "tune", "ladder", "study"):
                assert strip(run_json(capsys, eval_main.main, *words)) == strip(found), name
