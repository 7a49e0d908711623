import json

import pytest

import ld_data.__main__ as data_main
from tests.support.command_lines import run, run_json

pytestmark = pytest.mark.slow


def test_health(release, small_models, capsys):
    """Without the inputs of the release, the report is about its arrays alone."""
    report = run_json(capsys, data_main.main, "health", "fake-4")
    assert {"x_train", "y_train", "x_test", "y_test", "x_train_test", "probes"} <= set(report)
    assert set(report["x_test"]["worst_mean"]) == {"value", "null_mean", "null_worst"}
    assert run(data_main.main, "health", "fake-4") == 0
    shown = capsys.readouterr()
    assert "worst_correlation" in shown.out
    assert "what the models make of them is left out: no source 'fake'" in shown.err


def test_plots_of_variations(tmp_path, mnist_home, capsys):
    made = run_json(capsys, data_main.main, "plots", "mnist-rot-like", "--out", tmp_path)
    assert set(made["files"]) == {str(path) for path in tmp_path.iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == {"images.png", "steps.png"}


def test_a_health_report_without_inputs_misses_no_goal_that_needs_them(release, small_models, capsys):
    manifest = json.loads((release / "manifest.json").read_text())
    wanted = {"least": 0.0, "most": None, "allowance": 0.0}
    manifest["health"] = {group: {"rate": {"value": 1.0, "goal": wanted}} for group in ("x_train", "decoded")}
    (release / "manifest.json").write_text(json.dumps(manifest))
    assert run(data_main.main, "health", "fake-4") == 0
    assert "MISSED" not in capsys.readouterr().out


def test_plots_without_inputs_are_those_of_the_arrays(release, tmp_path, capsys):
    assert run(data_main.main, "plots", "fake-4", "--out", tmp_path / "plots", "--format", "svg") == 0
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"deviations.svg", "stds.svg"}
    assert "is left out" in capsys.readouterr().err


def test_plots_of_an_unknown_name_list_releases_and_generators(release, tmp_path, capsys):
    assert run(data_main.main, "plots", "nope", "--out", tmp_path / "plots") == 1
    error = capsys.readouterr().err
    assert error.startswith("error: no release 'nope' in ")
    assert "There: fake-4." in error
    assert "Or name a generator: mnist1d, mnist-rot-like, " in error
