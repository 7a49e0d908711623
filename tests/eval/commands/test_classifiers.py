import json
import math
from dataclasses import replace

import pytest

import eval.__main__ as eval_main
import ld_data
import ld_data.__main__ as data_main
from eval.classifiers.registry import CLASSIFIERS
from eval.classifiers.training import measure
from ld_data.storage.hashing import hash_file
from tests.support.command_lines import run, run_json
from tests.support.fakes import FakeCodec

pytestmark = pytest.mark.slow


def test_classify(tiny_mnist1d, capsys, monkeypatch):
    monkeypatch.setattr("ld_data.progress.SECONDS", math.inf)
    quick = ("mnist1d-logistic", "mnist1d", "--epochs", 1)
    result = run_json(capsys, eval_main.main, "classify", *quick, "--seed", 3, "--seeds", 2, "--limit-train", 300)
    assert [(trial["seed"], trial["train_rows"]) for trial in result["trials"]] == [(3, 300), (4, 300)]
    assert result["mean"] == pytest.approx(sum(trial["accuracy"] for trial in result["trials"]) / 2)
    assert run(eval_main.main, "classify", *quick, "--shuffled") == 0
    shown = capsys.readouterr()
    assert (
        "mnist1d, shuffled, 400 + 100 rows\nmnist1d-logistic (logistic regression), 410 parameters, 1 epochs\nreads "
        in shown.out
    )
    assert shown.err == ""  # no bars, not on a terminal


def test_classify_latents_and_decoded_latents(release, capsys, monkeypatch):
    result = run_json(capsys, eval_main.main, "classify", "mnist1d-logistic", "fake-4", "--epochs", 99)
    assert result["mean"] > 0.9
    assert result["trials"][0]["inputs"] == "fake-4"
    monkeypatch.setattr("vae.load", lambda name: FakeCodec())
    decoded = ("mnist1d-logistic", "fake-4", "--decoded", "--epochs", 99)
    result = run_json(capsys, eval_main.main, "classify", *decoded)
    assert result["mean"] > 0.9
    assert result["trials"][0]["inputs"] == "fake-4, decoded"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lenet", "mnist1d"), "lenet reads images; received signals and vectors. These read them: logistic"),
        (("mlp", "none"), "no release 'none'"),
        (("mlp", "none"), "Or name a source: mnist, mnist1d"),
        (("mlp", "mnist1d", "--decoded"), "--decoded goes with a release; mnist1d is a source"),
        (("mlp", "mnist1d", "--epochs", 0), "epochs must be from 1"),
        (("mlp", "mnist1d", "--seeds", 0), "seeds must be from 1 to 1000; received 0"),
        (("mlp", "mnist1d", "--jobs", 0), "jobs must be from 1 to 1000; received 0"),
        (("mlp", "mnist1d", "--seed", -1), "seed must be from 0"),
        (("mlp", "mnist1d", "--limit-train", 0), "the training rows to keep must be from 1"),
    ],
)
def test_classify_refuses(tiny_mnist1d, checkpoints, arguments, words, capsys):
    assert run(eval_main.main, "classify", *arguments) == 1
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


def test_tsne(tiny_mnist1d, tmp_path, capsys):
    out = tmp_path / "new" / "maps.png"
    quick = ("tsne", "mnist1d-mlp", "mnist1d", "--epochs", 20, "--rows", 40, "--out", out)
    result = run_json(capsys, eval_main.main, *quick)
    assert result["path"] == str(out)
    assert result["neighbours"]["trained features"] > result["neighbours"]["untrained features"]
    assert out.read_bytes().startswith(b"\x89PNG")
    assert run(eval_main.main, "tsne", "mlp", "mnist1d", "--out", tmp_path / "maps.gif") == 1
    assert "--out must end in .png" in capsys.readouterr().err
    assert run(eval_main.main, "tsne", "mlp", "none", "--out", tmp_path / "other" / "maps.png") == 1
    assert not (tmp_path / "other").exists()


def test_reproduce(tiny_mnist1d, checkpoints, capsys, monkeypatch):
    plan = replace(CLASSIFIERS["mnist1d-logistic"].plan, epochs=1)
    monkeypatch.setitem(CLASSIFIERS, "mnist1d-logistic", replace(CLASSIFIERS["mnist1d-logistic"], plan=plan))
    made = {}

    def measure_once(*task):
        key = (task[0], task[1].name, *task[2:])
        if key not in made:
            made[key] = measure(*task)
        return made[key]

    monkeypatch.setattr("eval.classifiers.training.measure", measure_once)
    table = ("reproduce", "mnist1d", "--only", "mnist1d-logistic")
    assert run(eval_main.main, *table, "--kept") == 1
    assert "reproduce TABLE --out" in capsys.readouterr().err
    kept = checkpoints / "classifiers.json"
    trials = run_json(capsys, eval_main.main, *table, "--seeds", 2, "--out", kept)
    assert [(trial["inputs"], trial["seed"]) for trial in trials] == [
        (inputs, seed) for inputs in ("mnist1d", "mnist1d, shuffled") for seed in (0, 1)
    ]
    assert len(json.loads(kept.read_text())) == 4
    assert run(eval_main.main, *table, "--seeds", 2, "--check") == 0
    measured = capsys.readouterr().out
    assert "(32)" in measured
    assert run(eval_main.main, *table, "--kept") == 0
    assert capsys.readouterr().out == measured
    assert run(eval_main.main, *table, "--check") == 1
    assert "and seeds from 0 to 2; there are 0 (tensorflow), 1 (tensorflow)" in capsys.readouterr().err
    assert len(made) == 4
    kept.write_text(kept.read_text().replace('"accuracy": 0', '"accuracy": 9'))
    assert run(eval_main.main, *table, "--seeds", 2, "--check") == 1
    assert "the kept table was not reproduced. mnist1d-logistic on mnist1d: accuracy is 0." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ladder", "--only", "mnist1d-mlp"), "no row 'mnist1d-mlp' in this table. Known: lenet"),
        (("ladder", "--kept", "--check"), "--kept trains nothing"),
        (("ladder", "--kept", "--seeds", 0), "seeds must be from 1"),
        (("ladder", "--out", "."), "--out must name a file; . is a folder. Try trials.json"),
        (("ladder", "--out", "README.md"), "README.md: no trials of classifiers"),
        (("ladder", "--out", "README.md/trials.json"), "README.md"),
    ],
)
def test_reproduce_refuses(arguments, words, checkpoints, capsys):
    assert run(eval_main.main, "reproduce", *arguments) == 1
    assert words in capsys.readouterr().err


def test_judge(checkpoints, copied_mnist1d, capsys):
    assert run(eval_main.main, "judge", "ld-mnist1d-5") == 1
    assert "no judge of mnist1d" in capsys.readouterr().err
    trained = run_json(capsys, eval_main.main, "train-judge", "mnist1d", "--epochs", 1)
    assert trained["path"] == str(checkpoints / "judges" / "mnist1d.keras")
    reading = run_json(capsys, eval_main.main, "judge", "ld-mnist1d-5")
    assert reading["judge_originals"] == trained["judge_originals"]
    assert {"judge_samples", "judge_means", "mse_samples", "mse_means"} < set(reading)
    assert run(eval_main.main, "judge", "ld-mnist1d-5") == 0
    assert "decoded means" in capsys.readouterr().out
    assert ld_data.list_releases() == ["ld-mnist1d-5"]
    assert run(data_main.main, "health", "ld-mnist1d-5", "--keep") == 0
    manifest = ld_data.load("ld-mnist1d-5").manifest
    assert manifest.judge_sha256 == hash_file(checkpoints / "judges" / "mnist1d.keras")
    assert manifest.health["decoded"]["judge_originals"]["value"] == trained["judge_originals"]


def test_tsne_of_a_model_without_hidden_layers_is_one_map(tiny_mnist1d, tmp_path, capsys):
    out = tmp_path / "maps.svg"
    result = run_json(
        capsys, eval_main.main, "tsne", "mnist1d-logistic", "mnist1d", "--epochs", 1, "--rows", 40, "--out", out
    )
    assert list(result["neighbours"]) == ["raw inputs"]
    assert b"<svg" in out.read_bytes()
