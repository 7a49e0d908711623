import numpy as np
import pytest

import eval.__main__ as eval_main
from tests.support.command_lines import run, run_json
from tests.support.fakes import add_shifts
from tests.support.paths import CHECKPOINTS


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


def test_transfer_of_predictions_and_of_a_function_of_the_user(predictions, tmp_path, capsys, monkeypatch):
    result = run_json(capsys, eval_main.main, "transfer", "fake-4", "fake-4", "--model", predictions)
    assert (result["release"], result["other"], result["rows"]) == ("fake-4", "fake-4", 30)
    assert result["accuracy"] == result["other_accuracy"] == result["agreement"] == 1
    monkeypatch.chdir(tmp_path)
    (tmp_path / "constant.py").write_text("def fit(x, y, seed):\n    return lambda rows: rows * 0 + y.mean(axis=0)\n")
    assert run(eval_main.main, "transfer", "fake-4", "fake-4", "--model", "constant:fit") == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "fake-4 read by fake-4, 30 test rows"
    assert shown[1].startswith("  skill on fake-4            ")
    assert shown[-1] == "  model: constant:fit"


@pytest.mark.slow
def test_transfer_of_a_baseline(release, capsys):
    result = run_json(capsys, eval_main.main, "transfer", "fake-4", "fake-4", "--model", "linear")
    assert result["skill"] > 0.5


def test_releases_without_a_common_class_space_are_refused_before_a_fit(release, capsys, monkeypatch):
    monkeypatch.setattr("eval.commands.scores.load_fit", None)
    shipped = str(CHECKPOINTS / "ld-mnist1d-32")
    assert run(eval_main.main, "transfer", "fake-4", shipped) == 1
    assert capsys.readouterr().err == (
        "error: fake-4 and ld-mnist1d-32 have no common class space: their latent sizes are 4 and 32. Name two "
        "releases with cells of one latent size, and the same classes at similar frequencies.\n"
    )
    assert run(eval_main.main, "transfer", "fake-4", "fake-4", "--model", "nope") == 2
    assert "no baseline 'nope'" in capsys.readouterr().err
