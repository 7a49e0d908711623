"""The commands of sweeps on a real scheduler and two worker processes: as one process, and resumed."""

import distributed
import pytest

import eval.__main__ as eval_main
from tests.support.command_lines import run_json
from tests.support.reports import OWN

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

SWEEPS = {
    "baselines": ("baselines", "fake-4", "--only", "linear", "backpropagation", "--seeds", 2),
    "tune": ("tune", "fake-4", "backpropagation"),
    "ladder": ("ladder", "own_rule.py:Delta", "linear", "--release", "fake-4"),
    "rule": ("rule", "own_rule.py:Delta", "fake-4", "--seeds", 1, "--curves", "rows", "--rows", 60),
    "classify": ("classify", "mnist1d-logistic", "fake-4", "--epochs", 2),  # one call: one worker imports Keras
    "study": ("study", "learning-rate", "--quick", "--only", "mlp-descent", "--seeds", 1),
}


@pytest.fixture
def folder(release, tmp_path, monkeypatch):
    (tmp_path / "own_rule.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("eval.baselines.registry.LEARNING_RATES", (3e-3, 1e-2))
    monkeypatch.setattr("eval.baselines.registry.FURTHER_RATES", 0)
    return tmp_path


def strip(values):
    """The values without what differs from run to run."""
    if isinstance(values, dict):
        timed = ("seconds", "cpu_seconds", "cost", "fingerprint")
        return {name: strip(value) for name, value in values.items() if name not in timed}
    return [strip(value) for value in values] if isinstance(values, list) else values


def test_sweeps_on_a_cluster_are_those_of_one_process_and_resume(folder, capsys):
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as started:
        for name, words in SWEEPS.items():
            trials = ("--trials", folder / name)
            place = ("--cluster", started.scheduler_address)
            outs = [("--out", folder / f"report-{number}") if name == "rule" else () for number in range(3)]
            found = run_json(capsys, eval_main.main, *words, *place, *trials, *outs[0])
            files = {path: path.stat().st_mtime_ns for path in (folder / name).iterdir()}
            assert files, name
            assert strip(run_json(capsys, eval_main.main, *words, "--jobs", 1, *trials, *outs[1])) == strip(found), name
            assert {path: path.stat().st_mtime_ns for path in (folder / name).iterdir()} == files, name
            if name in ("baselines", "tune", "ladder", "study"):
                assert strip(run_json(capsys, eval_main.main, *words, *outs[2])) == strip(found), name
