from dataclasses import astuple, replace
from functools import partial

import keras
import numpy as np
import pytest

import eval.__main__ as eval_main
import ld_data
import ld_data.__main__ as data_main
import vae
from eval.baselines.registry import score_baseline
from eval.classifiers.registry import CLASSIFIERS
from ld_data.release.report import Goal
from ld_data.storage.arrays import read_npz
from ld_data.storage.hashing import hash_file
from ld_data.variations.backgrounds import make_textures
from tests.ld_data.sources.test_idx_set import write_set
from tests.support.command_lines import QUICK, place_judge, run, run_json
from vae.recipes import find_recipe

pytestmark = pytest.mark.slow


def read_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_build_makes_a_verified_release(checkpoints, tiny_mnist1d, built_mnist1d, trained_mnist1d, capsys):
    assert run(data_main.main, *QUICK, "--latent-dim", 5, "--seed", 3) == 0
    ((source, recipe),) = trained_mnist1d
    assert (source.name, recipe.name, recipe.x.latent_dim, recipe.x.seed) == ("mnist1d", "mnist1d", 5, 3)
    assert (recipe.x.epochs, recipe.x.flow_epochs, recipe.y) == (1, 1, "cells")
    shown = capsys.readouterr()
    assert "worst_mean" in shown.out
    assert "built and verified" in shown.err
    assert read_files(checkpoints / "ld-mnist1d-5") == read_files(built_mnist1d)  # built by the same seed
    data = ld_data.load("ld-mnist1d-5")
    assert data.train.x.shape == (400, 5)
    assert data.manifest.command == "python -m ld_data build mnist1d --latent-dim 5 --flow-epochs 1 --seed 3"
    assert data.manifest.y_kind == "cells"
    assert astuple(data.manifest.recipe) == ("mnist1d", 1, 1, True, 65.0)
    trained_by = {"python", "numpy", "scipy", "scikit-learn", "keras", keras.backend.backend()}
    assert set(data.manifest.libraries) == trained_by | {"tf2onnx", "onnxruntime"}
    health = data.manifest.health
    assert {"least_signal", "used_directions", "rate"} <= set(health["x_test"])
    assert {"mse_samples", "mse_means"} <= set(health["decoded"])
    assert health["y_test"]["decoded_accuracy"]["value"] == 1.0
    made = checkpoints / "ld-mnist1d-5" / "examples.npz"
    assert {name: array.shape for name, array in read_npz(made).items()} == {
        "inputs": (100, 40),
        "places": (100, 2),
    }


def test_health_measures_a_built_release_again(copied_mnist1d, capsys, monkeypatch):
    manifest = ld_data.load("ld-mnist1d-5").manifest
    assert run_json(capsys, data_main.main, "health", "ld-mnist1d-5") == manifest.health
    assert run(data_main.main, "health", "ld-mnist1d-5", "--keep") == 0
    assert "keeps this report" in capsys.readouterr().err
    assert ld_data.load("ld-mnist1d-5").manifest == manifest
    recipe = replace(find_recipe("mnist1d"), goals={"x_train": {"worst_mean": Goal(most=-1.0)}})
    monkeypatch.setattr("ld_data.commands.health.restore_recipe", lambda *_: recipe)
    assert run(data_main.main, "health", "ld-mnist1d-5", "--keep") == 1
    assert "ld-mnist1d-5 misses 1 of its goals, and keeps its old report:\n  x_train" in capsys.readouterr().err
    assert ld_data.load("ld-mnist1d-5").manifest == manifest


@pytest.mark.untraced
def test_y_can_have_trained_gaussians(checkpoints, tiny_mnist1d, built_mnist1d):
    """Its x is trained again by the same seed, to the same bytes."""
    assert run(data_main.main, *QUICK, "--latent-dim", 5, "--y", "gaussian", "--seed", 3) == 0
    folder = checkpoints / "ld-mnist1d-5"
    for name in ("x.encoder.onnx", "x.decoder.onnx"):
        assert (folder / name).read_bytes() == (built_mnist1d / name).read_bytes()
    manifest = ld_data.load("ld-mnist1d-5").manifest
    assert manifest.command == "python -m ld_data build mnist1d --latent-dim 5 --y gaussian --flow-epochs 1 --seed 3"
    assert manifest.y_kind == "gaussian"
    assert manifest.null != 1  # that of cells
    assert manifest.health["y_test"]["decoded_accuracy"]["value"] < 1.0


def test_a_build_that_misses_its_goals_is_refused_and_names_them(
    checkpoints, tiny_mnist1d, trained_mnist1d, stored_judge, capsys, monkeypatch
):
    assert run(data_main.main, *QUICK) == 1
    assert "the goals need a judge of mnist1d" in capsys.readouterr().err
    assert trained_mnist1d == []  # refused before the training
    judge = place_judge(stored_judge)
    score_ridge = partial(score_baseline, "ridge")  # in place of all learners
    monkeypatch.setattr("eval.baselines.registry.score_baseline", lambda _, *given, **seed: score_ridge(*given, **seed))
    assert run(data_main.main, *QUICK) == 1
    shown = capsys.readouterr()
    assert "MISSED" in shown.out
    assert "is not published" in shown.err
    assert "decoded mse_samples is" in shown.err
    assert sorted(path.name for path in checkpoints.iterdir()) == [".ld-mnist1d-32.refused", "judges"]
    assert run(data_main.main, *QUICK, "--no-goals") == 0
    manifest = ld_data.load("ld-mnist1d-32").manifest
    assert manifest.command.endswith("--no-goals")
    assert manifest.judge_sha256 == hash_file(judge)


def test_build_of_own_images(checkpoints, tmp_path, capsys, monkeypatch, small_models):
    random = np.random.default_rng(0)
    arrays = {}
    for split, rows in (("train", 600), ("test", 200)):
        arrays[f"y_{split}"] = np.arange(rows) % 4
        arrays[f"x_{split}"] = random.integers(0, 255, (rows, 9, 6, 3), dtype=np.uint8)  # in colour
    np.savez(tmp_path / "own.npz", **arrays)
    own = ("--source-npz", tmp_path / "own.npz")
    arguments = ("build", *own, "--licence", "MIT", "--latent-dim", 2, "--epochs", 1)
    assert run(data_main.main, *arguments) == 0
    manifest = ld_data.load("ld-own-2").manifest
    assert (manifest.source["name"], manifest.licence, manifest.classes) == ("own", "MIT", 4)
    capsys.readouterr()
    assert run_json(capsys, data_main.main, "health", "ld-own-2", *own) == manifest.health
    (tmp_path / "same").mkdir()
    np.savez(tmp_path / "same" / "OWN.npz", **{**arrays, "y_test": arrays["y_test"][::-1]})
    assert run(data_main.main, "build", "--source-npz", tmp_path / "same" / "OWN.npz", *arguments[3:]) == 1
    assert "ld-own-2 is a release of another source" in capsys.readouterr().err  # before the training
    np.savez(tmp_path / "other.npz", **{**arrays, "y_test": arrays["y_test"][::-1]})
    assert run(data_main.main, "health", "ld-own-2", "--source-npz", tmp_path / "other.npz") == 1
    assert "not the inputs that ld-own-2 was made of" in capsys.readouterr().err
    assert run(eval_main.main, "judge", "ld-own-2", *own) == 1
    assert "no judge of own" in capsys.readouterr().err
    untrained = CLASSIFIERS["judge"].make((9, 6, 3), classes=4, seed=0)
    monkeypatch.setattr("eval.classifiers.training.train_judge", lambda *_: untrained)
    assert run(eval_main.main, "train-judge", *own, "--epochs", 1) == 0
    capsys.readouterr()
    assert run(eval_main.main, "train-judge", *own, "--epochs", 1) == 1
    assert "may be the judge of other images" in capsys.readouterr().err
    reading = run_json(capsys, eval_main.main, "judge", "ld-own-2", *own)
    assert reading["mse_means"] == manifest.health["decoded"]["mse_means"]["value"]
    monkeypatch.setattr("ld_data.health.plots.GRID", 2)
    monkeypatch.setattr("ld_data.health.plots.EXAMPLES", 2)
    folder = write_set(tmp_path / "idx", **{name: array.astype(np.uint8) for name, array in arrays.items()})
    assert run(data_main.main, "plots", "ld-own-2", "--source-idx", folder, "--out", tmp_path / "plots") == 0
    names = {"deviations", "stds", "reconstructions", "prior_samples", "manifold_0_1", "tsne"}
    assert {path.stem for path in (tmp_path / "plots").iterdir()} == names
    assert run(data_main.main, "plots", "ld-own-2", "--out", tmp_path / "a", "--components", 1, 5) == 1
    assert "components must be two different numbers from 0 to 1" in capsys.readouterr().err
    given, codec = [], vae.load("ld-own-2")
    monkeypatch.setattr("vae.release.train_codec", lambda *arguments: given.append(arguments) or codec)
    assert run(data_main.main, "build", *own, "--recipe", "ld-mnist-v3", "--epochs", 1) == 0
    ((source, recipe),) = given
    predecessor = find_recipe("ld-mnist-v3", source)
    assert recipe == replace(predecessor, x=replace(predecessor.x, input_shape=(9, 6, 3), epochs=1))
    assert (
        ld_data.load("ld-own-mnist-v3-32").manifest.command
        == "python -m ld_data build --source-npz own.npz --licence unknown --recipe ld-mnist-v3 --epochs 1 --seed 0"
    )


def test_the_report_of_varied_digits_measures_the_kept_information(checkpoints, monkeypatch, small_models):
    """With models that were never trained, and backgrounds of two pictures."""
    monkeypatch.setattr("vae.training.train.fit", lambda *_: None)
    monkeypatch.setattr("ld_data.variations.stream.make_textures", partial(make_textures, count=2))
    monkeypatch.setattr("ld_data.sources.catalogue.VARIATIONS_FIT_ROWS", 600)
    images, labels = np.random.default_rng(0).integers(0, 256, (800, 28, 28), np.uint8), np.arange(800) % 4
    digits = {"x_train": images[:600], "x_test": images[600:], "y_train": labels[:600], "y_test": labels[600:]}
    monkeypatch.setattr("ld_data.sources.catalogue.load_mnist", lambda: digits)
    arguments = ("mnist-rot-back-image-like", "--latent-dim", 2, "--epochs", 1)
    assert run(data_main.main, "build", *arguments) == 0
    kept = ld_data.load("ld-mnist-rot-back-image-like-2").manifest.health["kept"]
    assert {"digit_pixels", "background_pixels", "angle_mlp"} < set(kept)


@pytest.mark.parametrize("arguments", [(), ("mnist1d", "--source-npz", "own.npz"), ("mnist1d", "--source-idx", "a")])
@pytest.mark.parametrize(("main", "command"), [(data_main.main, "build"), (eval_main.main, "train-judge")])
def test_training_takes_one_source(checkpoints, capsys, main, command, arguments):
    assert run(main, command, *arguments) == 1
    assert "name a source" in capsys.readouterr().err


def test_build_refuses_before_it_trains_to_replace_another_folder(checkpoints, capsys):
    (checkpoints / "ld-mnist1d-32").mkdir()
    assert run(data_main.main, "build", "mnist1d") == 1
    assert "is not a release" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--latent-dim", 1), ("--seed", -1), ("--release", "A b")])
def test_build_refuses_before_it_trains(checkpoints, capsys, option):
    assert run(data_main.main, "build", "mnist1d", *option) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert list(checkpoints.iterdir()) == []


def test_build_without_its_source_says_where_it_looked(checkpoints, empty_home, capsys):
    assert run(data_main.main, "build", "mnist") == 1
    assert "Looked for" in capsys.readouterr().err
