import numpy as np
import pytest

import eval.__main__ as eval_main
from tests.support.command_lines import run, run_json
from tests.support.fakes import add_shifts


def test_score(predictions, capsys):
    score = run_json(capsys, eval_main.main, "score", "fake-4", predictions)
    assert score["noise_free_mse"] == pytest.approx(0.01, rel=1e-4)
    assert run(eval_main.main, "score", "fake-4", predictions) == 0
    assert "skill" in capsys.readouterr().out


def test_score_and_compare_take_a_shift(predictions, release, capsys):
    plain = run_json(capsys, eval_main.main, "score", "fake-4", predictions)
    add_shifts(release)
    shifted = run_json(capsys, eval_main.main, "score", "fake-4", predictions, "--shift", "noise")
    assert shifted["release"] == "fake-4 noise"
    assert (shifted["mse"], shifted["data_sha256"] != plain["data_sha256"]) == (plain["mse"], True)
    assert run(eval_main.main, "compare", "fake-4", predictions, predictions, "--shift", "scale") == 0
    assert capsys.readouterr().out.startswith("fake-4 scale, 30 test rows")
    assert run(eval_main.main, "score", "fake-4", predictions, "--shift", "nope") == 1
    assert capsys.readouterr().err == "error: fake-4 has no shifted test set 'nope'. It has: noise, scale.\n"


def test_score_refuses_other_files_and_shapes(release, tmp_path, capsys):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((3, 4)))
    assert run(eval_main.main, "score", "fake-4", path) == 1
    assert "one row for each of the 30 test rows" in capsys.readouterr().err
    path.write_text("x,y")
    assert run(eval_main.main, "score", "fake-4", path) == 1
    assert f"error: {path}: expected .npy bytes" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nope.npy", "nope"])
def test_all_commands_report_missing_predictions_alike(release, name, capsys):
    missing = f"error: no file {name}: expected predictions (30, 4) for fake-4, saved with numpy.save.\n"
    for words in (("score", "fake-4", name), ("submit", "fake-4", name, "--name", "a")):
        assert run(eval_main.main, *words) == 1
        assert capsys.readouterr().err == missing
    assert run(eval_main.main, "submit", "fake-4", name, "--name", "a", "--challenge", "--season", 1) == 1
    assert f"no file {name}: expected predictions for the challenge of fake-4" in capsys.readouterr().err


def test_compare(predictions, release, tmp_path, capsys):
    other = tmp_path / "other.npy"
    np.save(other, np.load(predictions) + 0.1)
    result = run_json(capsys, eval_main.main, "compare", "fake-4", predictions, other, "--resamples", 100)
    assert result["noise_free_mse"]["value"] == pytest.approx(0.01 - 0.04, rel=1e-4)
    assert result["noise_free_mse"]["is_significant"]
    assert run(eval_main.main, "compare", "fake-4", predictions, other) == 0
    shown = capsys.readouterr().out
    assert "10000 resamples" in shown
    assert f"a: {predictions}, b: {other}" in shown
    assert run(eval_main.main, "compare", "fake-4", predictions, tmp_path / "none.npy") == 1
    assert "none.npy: expected predictions (30, 4) for fake-4" in capsys.readouterr().err
