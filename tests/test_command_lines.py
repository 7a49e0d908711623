"""The commands, run as a user runs them but in this process; `test_docs.py` holds them against the README."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import httpx2
import keras
import numpy as np
import pytest

import eval.__main__ as eval_main
import ld_data
import ld_data.__main__ as data_main
import vae.__main__ as vae_main
from api.app import make_app
from api.commands import main as serve_main
from eval.classifiers.registry import CLASSIFIERS
from eval.leaderboard.tokens import Tokens
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import make_mnist1d
from ld_data.release.report import Goal
from ld_data.sources import secret_draws as challenge
from ld_data.sources import source as sources
from ld_data.sources.mnist import load_mnist
from ld_data.storage.arrays import read_npz
from ld_data.storage.hashing import hash_file
from ld_data.variations.benchmark import Reading
from ld_data.variations.stream import VariationConfig, VariationStream
from tests.support.fakes import FakeCodec, generate, guess_classes
from tests.support.servers import serve
from vae.recipes import RECIPES

QUICK = ("build", "mnist1d", "--epochs", 1, "--flow-epochs", 1)


@pytest.fixture
def small_models(monkeypatch):
    """Let the recipes have small networks, which take less time to set up."""
    small = {"encoder_filters": (), "encoder_units": (32,), "decoder_units": (32,), "flow_units": (16,)}
    for name in ("mnist1d", "images", "mnist-rot-back-image-like"):
        recipe = RECIPES[name]
        monkeypatch.setitem(RECIPES, name, replace(recipe, x=replace(recipe.x, flow_couplings=2, **small)))


@pytest.fixture
def tiny_mnist1d(monkeypatch, small_models):
    """Let mnist1d and what its models are fitted on be few signals, examined against few nulls."""
    few = Mnist1dConfig(num_samples=500)
    monkeypatch.setitem(sources.SOURCES, "mnist1d", lambda: sources._make_mnist1d("mnist1d", few))
    monkeypatch.setattr("ld_data.sources.catalogue.MNIST1D_FIT_ROWS", 2000)
    monkeypatch.setattr("ld_data.health.latents.NULL_SEEDS", 1)


@pytest.fixture
def service(catalogue, store):
    with serve(make_app(catalogue, store)) as address:
        yield address


def run(main, *arguments):
    return main([str(argument) for argument in arguments])


def run_json(capsys, main, *arguments):
    assert run(main, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


class TestLdData:
    def test_list(self, release, capsys):
        (row,) = run_json(capsys, data_main.main, "list")
        assert (row["name"], row["train"], row["test"], row["latent_dim"]) == ("fake-4", 60, 30, 4)
        run(data_main.main, "list")
        assert "fake-4" in capsys.readouterr().out

    def test_a_broken_release_is_listed_beside_the_others(self, release, capsys):
        (release.parent / "broken").mkdir()
        (release.parent / "broken" / "manifest.json").write_text("{")
        broken, whole = run_json(capsys, data_main.main, "list")
        assert "not a manifest" in broken["error"]
        assert whole["name"] == "fake-4"
        assert run(data_main.main, "list") == 0
        assert "broken: " in capsys.readouterr().out

    def test_releases_of_another_folder_are_listed(self, release, tmp_path, capsys):
        assert run(data_main.main, "list", "--checkpoints", tmp_path / "elsewhere") == 0
        assert f"no releases in {tmp_path / 'elsewhere'}" in capsys.readouterr().out
        release.parent.rename(tmp_path / "elsewhere")
        (row,) = run_json(capsys, data_main.main, "list", "--checkpoints", tmp_path / "elsewhere")
        assert row["name"] == "fake-4"

    def test_list_of_nothing_says_what_to_do(self, checkpoints, capsys):
        assert run(data_main.main, "list") == 0
        assert "build one" in capsys.readouterr().out

    def test_verify(self, release, capsys):
        counts = run_json(capsys, data_main.main, "verify", release)
        assert counts == {"path": str(release), "files": len(list(release.iterdir())) - 1, "arrays": 9}
        assert run(data_main.main, "verify", release) == 0
        assert f"{counts['files']} files and 9 arrays are as published" in capsys.readouterr().out
        (release / "data.npz").write_bytes(b"")
        assert run(data_main.main, "verify", "fake-4") == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert "data.npz" in error

    def test_health(self, release, capsys):
        """Of a release whose inputs nobody has: what the arrays tell, and a word about the rest."""
        report = run_json(capsys, data_main.main, "health", "fake-4")
        assert {"x_train", "y_train", "x_test", "y_test", "x_train_test", "probes"} <= set(report)
        assert set(report["x_test"]["worst_mean"]) == {"value", "null_mean", "null_worst"}
        assert run(data_main.main, "health", "fake-4") == 0
        shown = capsys.readouterr()
        assert "worst_correlation" in shown.out
        assert "what the models make of them is left out: no source 'fake'" in shown.err

    def test_generate(self, tmp_path, capsys):
        out = tmp_path / "signals.npz"
        arguments = ("generate", "mnist1d", "--out", out, "--num-samples", 50, "--padding", 10, 20, "--shuffle-seq")
        made = run_json(capsys, data_main.main, *arguments)
        assert made == {"files": [str(out)], "train": 40, "test": 10, "points": 40}
        expected = make_mnist1d(Mnist1dConfig(num_samples=50, padding=(10, 20), shuffle_seq=True))
        with np.load(out) as arrays:
            assert np.array_equal(arrays["x"], expected.x)
            assert np.array_equal(arrays["y_test"], expected.y_test)

    def test_generate_in_another_mode_from_other_templates(self, tmp_path):
        templates = np.random.default_rng(0).normal(size=(3, 9))
        np.save(tmp_path / "templates.npy", templates)
        arguments = ("--num-samples", 30, "--mode", "canonical", "--templates", tmp_path / "templates.npy")
        assert run(data_main.main, "generate", "mnist1d", "--out", tmp_path / "s.npy", *arguments) == 0
        expected = make_mnist1d(Mnist1dConfig(num_samples=30), templates, "canonical")
        assert np.array_equal(np.load(tmp_path / "s.npy"), np.concatenate([expected.x, expected.x_test]))
        assert np.array_equal(np.load(tmp_path / "s.labels.npy")[:24], expected.y)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--out", "a.csv"), "must end in .npz"),
            (("--out", "exists.npz"), "not overwritten"),
            (("--out", "a.npz", "--num-samples", "3"), "num_samples must be 10 or more"),
            (("--out", "a.npz", "--num-samples", "0"), "num_samples must be from 1 to"),
            (("--out", "a.npz", "--padding", "60", "36"), "least <= most"),
            (("--out", "a.npz", "--iid-noise-scale", "nan"), "iid_noise_scale must be a number from 0"),
            (("--out", "a.npz", "--templates", "exists.npz"), "expected .npy bytes"),
            (("--out", "a.npz", "--templates", "none.npy"), "No such file"),
            (("--out", "nowhere/a.npz"), "no folder nowhere"),
        ],
    )
    def test_generate_refuses_and_writes_nothing(self, tmp_path, monkeypatch, capsys, arguments, words):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "exists.npz").write_text("mine")
        assert run(data_main.main, "generate", "mnist1d", *arguments) == 1
        assert words in capsys.readouterr().err
        assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]

    def test_generate_variations(self, tmp_path, mnist_home, capsys):
        arguments = ("--train", 30, "--test", 20, "--seed", 5, "--blend", "cover", "--no-rotate", "--gamma", 0.5)
        arguments += ("--background", "correlated", "--out", tmp_path / "v.npz")
        made = run_json(capsys, data_main.main, "generate", "mnist-rot-back-image-like", *arguments)
        assert (made["files"], made["train"], made["test"]) == ([str(tmp_path / "v.npz")], 30, 20)
        config = VariationConfig(rotate=False, background="correlated", blend="cover", gamma=0.5, seed=5)
        mnist = load_mnist()
        expected = VariationStream(config, mnist["x_test"], mnist["y_test"]).make_rows(30, 20)
        with np.load(tmp_path / "v.npz") as arrays:
            assert np.array_equal(arrays["x_test"], expected.x)
            assert np.array_equal(arrays["y_train"], mnist["y_train"][:30])

    def test_generate_variations_from_pictures(self, tmp_path, mnist_home):
        np.save(tmp_path / "pictures.npy", np.random.default_rng(0).uniform(size=(1, 28, 28)))
        arguments = ("--pictures", tmp_path / "pictures.npy", "--train", 3, "--test", 2, "--out", tmp_path / "v.npz")
        assert run(data_main.main, "generate", "mnist-back-image-like", *arguments) == 0
        with np.load(tmp_path / "v.npz") as arrays:
            assert np.array_equal(
                arrays["background_train"][2], np.load(tmp_path / "pictures.npy")[0].astype(np.float32)
            )

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--out", "a.csv"), "must end in .npz"),
            (("--out", "a.npz", "--train", "0"), "--train must be from 1"),
            (("--out", "a.npz", "--gamma", "2"), "gamma must be from 0 to 1|gamma must be a number from 0 to 1"),
            (("--out", "a.npz", "--pictures", "none.npy"), "No such file"),
        ],
    )
    def test_generate_variations_refuses_and_writes_nothing(self, tmp_path, monkeypatch, capsys, arguments, words):
        monkeypatch.chdir(tmp_path)
        assert run(data_main.main, "generate", "mnist-back-image-like", *arguments) == 1
        assert re.search(words, capsys.readouterr().err)
        assert list(tmp_path.iterdir()) == []

    def test_benchmark_variations(self, monkeypatch, capsys):
        reading = Reading("ours", 0.5, 0.6, 250_000_000, "00")
        asked = []
        monkeypatch.setattr(
            "ld_data.variations.benchmark.measure_reading",
            lambda *arguments: asked.append(arguments) or {"lists": reading, "ours": reading},
        )
        assert run_json(capsys, data_main.main, "benchmark", "variations")["ours"]["peak"] == 250_000_000
        assert run(data_main.main, "benchmark", "variations", "--turns", 1, "--notation", "short") == 0
        assert "1/1.0 of the processor's time" in capsys.readouterr().out
        assert asked == [(3, "matlab"), (1, "short")]
        assert run(data_main.main, "benchmark", "variations", "--turns", 0) == 1

    def test_plots_of_variations(self, tmp_path, mnist_home, capsys):
        made = run_json(capsys, data_main.main, "plots", "mnist-rot-like", "--out", tmp_path)
        assert set(made["files"]) == {str(path) for path in tmp_path.iterdir()}
        assert {path.name for path in tmp_path.iterdir()} == {"images.png", "steps.png"}

    @pytest.mark.parametrize("y_kind", ["cells", "gaussian"])
    def test_build_makes_a_verified_release(self, checkpoints, tiny_mnist1d, capsys, monkeypatch, y_kind):
        arguments = (*QUICK, "--latent-dim", 5, "--y", y_kind, "--seed", 3)
        assert run(data_main.main, *arguments) == 0
        shown = capsys.readouterr()
        assert "worst_mean" in shown.out
        assert "built and verified" in shown.err
        data = ld_data.load("ld-mnist1d-5")
        assert data.train.x.shape == (400, 5)
        assert data.manifest.command == (
            f"python -m ld_data build mnist1d --latent-dim 5 --y {y_kind} --epochs 1 --flow-epochs 1 --seed 3"
        )
        trained_by = {"python", "numpy", "scipy", "scikit-learn", "keras", keras.backend.backend()}
        assert set(data.manifest.libraries) == trained_by | {"tf2onnx", "onnxruntime"}
        health = data.manifest.health
        assert {"least_signal", "used_directions", "rate"} <= set(health["x_test"])
        assert {"mse_samples", "mse_means"} <= set(health["decoded"])
        assert (health["y_test"]["decoded_accuracy"]["value"] == 1.0) == (y_kind == "cells")
        assert run_json(capsys, data_main.main, "health", "ld-mnist1d-5") == health
        made = checkpoints / "ld-mnist1d-5" / "examples.npz"
        content = made.read_bytes()
        assert {name: array.shape for name, array in read_npz(made).items()} == {
            "inputs": (100, 40),
            "places": (100, 2),
        }
        assert run_json(capsys, data_main.main, "examples", "ld-mnist1d-5") == {"path": str(made)}
        assert run(data_main.main, "examples", "ld-mnist1d-5") == 0
        assert f"wrote and verified {made}" in capsys.readouterr().out
        assert made.read_bytes() == content
        manifest = ld_data.load("ld-mnist1d-5").manifest
        assert run(data_main.main, "health", "ld-mnist1d-5", "--keep") == 0
        assert "keeps this report" in capsys.readouterr().err
        assert ld_data.load("ld-mnist1d-5").manifest == manifest
        monkeypatch.setattr(data_main, "_read_goals", lambda *_: {"x_train": {"worst_mean": Goal(most=-1.0)}})
        assert run(data_main.main, "health", "ld-mnist1d-5", "--keep") == 1
        assert "ld-mnist1d-5 misses 1 of its goals, and keeps its old report:\n  x_train" in capsys.readouterr().err
        assert ld_data.load("ld-mnist1d-5").manifest == manifest

    def test_a_build_that_misses_its_goals_is_refused_and_says_which(self, checkpoints, tiny_mnist1d, capsys):
        assert run(data_main.main, *QUICK) == 1
        assert "the goals need a judge of mnist1d" in capsys.readouterr().err  # before the training
        assert run(eval_main.main, "train-judge", "mnist1d", "--epochs", 1) == 0
        capsys.readouterr()
        assert run(data_main.main, *QUICK) == 1
        shown = capsys.readouterr()
        assert "MISSED" in shown.out
        assert "is not published" in shown.err
        assert "decoded mse_samples is" in shown.err
        assert sorted(path.name for path in checkpoints.iterdir()) == [".ld-mnist1d-32.refused", "judges"]
        assert run(data_main.main, *QUICK, "--no-goals") == 0
        manifest = ld_data.load("ld-mnist1d-32").manifest
        assert manifest.command.endswith("--no-goals")
        assert manifest.judge_sha256 == hash_file(checkpoints / "judges" / "mnist1d.keras")

    def test_build_of_own_images(self, checkpoints, tmp_path, capsys, monkeypatch, small_models):
        monkeypatch.setattr("ld_data.health.latents.NULL_SEEDS", 1)
        random = np.random.default_rng(0)
        arrays = {}
        for split, rows in (("train", 600), ("test", 200)):
            arrays[f"y_{split}"] = np.arange(rows) % 4
            arrays[f"x_{split}"] = random.integers(0, 255, (rows, 9, 6), dtype=np.uint8)
        np.savez(tmp_path / "own.npz", **arrays)
        own = ("--source-npz", tmp_path / "own.npz")
        arguments = ("build", *own, "--licence", "MIT", "--latent-dim", 2, "--epochs", 1, "--flow-epochs", 1)
        assert run(data_main.main, *arguments) == 0
        manifest = ld_data.load("ld-own-2").manifest
        assert (manifest.source["name"], manifest.licence, manifest.classes) == ("own", "MIT", 4)
        capsys.readouterr()
        assert run_json(capsys, data_main.main, "health", "ld-own-2", *own) == manifest.health
        np.savez(tmp_path / "other.npz", **{**arrays, "y_test": arrays["y_test"][::-1]})
        assert run(data_main.main, "health", "ld-own-2", "--source-npz", tmp_path / "other.npz") == 1
        assert "not the inputs that ld-own-2 was made of" in capsys.readouterr().err
        assert run(data_main.main, "examples", "ld-own-2", "--source-npz", tmp_path / "other.npz") == 1
        assert "not the inputs that ld-own-2 was made of" in capsys.readouterr().err
        assert run(eval_main.main, "judge", "ld-own-2", *own) == 1
        assert "no judge of own" in capsys.readouterr().err
        assert run(eval_main.main, "train-judge", *own, "--epochs", 1) == 0
        capsys.readouterr()
        reading = run_json(capsys, eval_main.main, "judge", "ld-own-2", *own)
        assert reading["mse_means"] == manifest.health["decoded"]["mse_means"]["value"]
        assert run(data_main.main, "plots", "ld-own-2", *own, "--out", tmp_path / "plots") == 0
        names = {"histograms", "stds", "reconstructions", "prior_samples", "manifold_0_1", "tsne"}
        assert {path.stem for path in (tmp_path / "plots").iterdir()} == names
        assert run(data_main.main, "plots", "ld-own-2", *own, "--out", tmp_path / "a", "--components", 1, 5) == 1
        assert "components must be two different numbers from 0 to 1" in capsys.readouterr().err
        assert run(data_main.main, "build", *own, "--recipe", "ld-mnist-v3", "--epochs", 1) == 0
        predecessor = ld_data.load("ld-own-mnist-v3-32").manifest
        assert (
            predecessor.command
            == "python -m ld_data build --source-npz own.npz --licence unknown --recipe ld-mnist-v3 --epochs 1 --seed 0"
        )
        assert predecessor.null < 1

    def test_the_report_of_varied_digits_tells_what_is_kept(self, checkpoints, monkeypatch, small_models):
        monkeypatch.setattr("ld_data.health.latents.NULL_SEEDS", 1)
        monkeypatch.setattr("ld_data.sources.catalogue.VARIATIONS_FIT_ROWS", 600)
        images, labels = np.random.default_rng(0).integers(0, 256, (800, 28, 28), np.uint8), np.arange(800) % 4
        digits = {"x_train": images[:600], "x_test": images[600:], "y_train": labels[:600], "y_test": labels[600:]}
        monkeypatch.setattr("ld_data.sources.source.load_mnist", lambda: digits)
        arguments = ("mnist-rot-back-image-like", "--latent-dim", 2, "--epochs", 1, "--flow-epochs", 1)
        assert run(data_main.main, "build", *arguments) == 0
        kept = ld_data.load("ld-mnist-rot-back-image-like-2").manifest.health["kept"]
        assert {"digit_pixels", "background_pixels", "angle_mlp"} < set(kept)

    def test_a_health_report_without_inputs_misses_no_goal_of_theirs(self, release, capsys):
        manifest = json.loads((release / "manifest.json").read_text())
        wanted = {"least": 0.0, "most": None, "allowance": 0.0}
        manifest["health"] = {group: {"rate": {"value": 1.0, "goal": wanted}} for group in ("x_train", "decoded")}
        (release / "manifest.json").write_text(json.dumps(manifest))
        assert run(data_main.main, "health", "fake-4") == 0
        assert "MISSED" not in capsys.readouterr().out

    @pytest.mark.parametrize("arguments", [(), ("mnist1d", "--source-npz", "own.npz")])
    @pytest.mark.parametrize(("main", "command"), [(data_main.main, "build"), (eval_main.main, "train-judge")])
    def test_training_takes_one_source(self, checkpoints, capsys, main, command, arguments):
        assert run(main, command, *arguments) == 1
        assert "name a source" in capsys.readouterr().err

    def test_plots_without_inputs_are_those_of_the_arrays(self, release, tmp_path, capsys):
        assert run(data_main.main, "plots", "fake-4", "--out", tmp_path / "plots") == 0
        assert {path.stem for path in (tmp_path / "plots").iterdir()} == {"histograms", "stds"}
        assert "is left out" in capsys.readouterr().err

    def test_the_same_seed_builds_the_same_bytes(self, tmp_path, tiny_mnist1d):
        contents = []
        for folder in (tmp_path / "a", tmp_path / "b"):
            arguments = (*QUICK, "--latent-dim", 9, "--checkpoints", folder)
            assert run(data_main.main, *arguments) == 0
            contents.append({path.name: path.read_bytes() for path in (folder / "ld-mnist1d-9").iterdir()})
        assert contents[0] == contents[1]

    def test_build_refuses_before_it_trains_to_replace_what_is_no_release(self, checkpoints, capsys):
        (checkpoints / "ld-mnist1d-32").mkdir()
        assert run(data_main.main, "build", "mnist1d") == 1
        assert "is not a release" in capsys.readouterr().err

    @pytest.mark.parametrize("option", [("--latent-dim", 1), ("--seed", -1), ("--release", "A b")])
    def test_build_refuses_before_it_trains(self, checkpoints, capsys, option):
        assert run(data_main.main, "build", "mnist1d", *option) == 1
        assert capsys.readouterr().err.startswith("error: ")
        assert list(checkpoints.iterdir()) == []

    def test_build_without_its_source_says_where_it_looked(self, checkpoints, empty_home, capsys):
        assert run(data_main.main, "build", "mnist") == 1
        assert "Looked for" in capsys.readouterr().err

    def test_download_tells_whether_it_fetched(self, service, release, cache, tmp_path, capsys):
        words = ("download", "fake-4", "--from", service, "--checkpoints", tmp_path / "new")
        assert run(data_main.main, *words) == 0
        told = capsys.readouterr().out
        assert "downloaded and verified" in told
        assert f"by its name with LD_DATA_CHECKPOINTS={tmp_path / 'new'}" in told
        assert (tmp_path / "new" / "fake-4" / "data.npz").read_bytes() == (release / "data.npz").read_bytes()
        assert run(data_main.main, *words) == 0
        assert "is here already and as published: nothing was fetched" in capsys.readouterr().out
        facts = {"name": "fake-4", "folder": str(tmp_path / "new" / "fake-4"), "version": "1.0.0"}
        assert run_json(capsys, data_main.main, *words) == facts | {"fetched": False}
        (tmp_path / "new" / "fake-4" / "data.npz").write_bytes(b"damaged")
        assert run_json(capsys, data_main.main, *words) == facts | {"fetched": True}

    def test_download_asks_the_service_that_the_environment_names(
        self, service, release, cache, tmp_path, monkeypatch, capsys
    ):
        monkeypatch.setenv("LD_DATA_SERVICE", service)
        words = ("download", "fake-4", "--checkpoints", tmp_path / "new")
        assert run_json(capsys, data_main.main, *words)["fetched"]
        assert run(data_main.main, *words, "--from", "http://127.0.0.1:9") == 1

    def test_download_from_where_no_service_is_says_what_to_do(self, tmp_path, capsys):
        assert run(data_main.main, "download", "fake-4", "--from", "http://127.0.0.1:9") == 1
        error = capsys.readouterr().err
        assert "no answer from http://127.0.0.1:9/" in error
        assert "`make serve` starts one" in error

    def test_plots_of_what_is_neither_release_nor_generator(self, release, tmp_path, capsys):
        assert run(data_main.main, "plots", "nope", "--out", tmp_path / "plots") == 1
        error = capsys.readouterr().err
        assert error.startswith("error: no release 'nope' in ")
        assert "There: fake-4." in error
        assert "Or name a generator: mnist1d, mnist-rot-like, " in error

    @pytest.mark.parametrize("arguments", [(), ("nope",), ("build", "cifar"), ("verify",)])
    def test_a_wrong_command_line_ends_with_2(self, arguments, capsys):
        with pytest.raises(SystemExit) as caught:
            run(data_main.main, *arguments)
        assert caught.value.code == 2
        assert "usage" in capsys.readouterr().err


class TestVae:
    def test_train_and_info(self, tmp_path, tiny_mnist1d, capsys):
        out = tmp_path / "models"
        trained = run_json(capsys, vae_main.main, "train", *QUICK[1:], "--latent-dim", 5, "--out", out)
        assert trained["path"] == str(out)
        assert (out / "preset.json").is_file()
        facts = run_json(capsys, vae_main.main, "info", out)
        assert (facts["latent_dim"], facts["y"]) == (5, "Cells")
        assert run(vae_main.main, "info", out) == 0
        assert "decoder_bytes" in capsys.readouterr().out
        assert run(vae_main.main, "train", "mnist1d", "--out", out) == 1
        assert "not overwritten" in capsys.readouterr().err

    def test_decoders(self, checkpoints, tiny_mnist1d, capsys):
        assert run(data_main.main, *QUICK, "--no-goals", "--latent-dim", 8) == 0
        few = ("decoders", "ld-mnist1d-8", "--only", "dense-512-512", "--steps", 2)
        assert run(vae_main.main, *few) == 0
        assert "trained" in capsys.readouterr().out
        assert run(eval_main.main, "train-judge", "mnist1d", "--epochs", 1) == 0
        capsys.readouterr()
        published, other = run_json(capsys, vae_main.main, *few)
        assert (published["name"], other["name"]) == ("published", "dense-512-512")
        health = ld_data.load("ld-mnist1d-8").manifest.health["decoded"]
        for measure in ("mse_samples", "mse_means"):
            assert published["measures"][measure] == pytest.approx(health[measure]["value"])
        assert (published["measures"]["normals_mse"], published["measures"]["normals_judge"]) == (0, 1)
        assert other["measures"]["normals_mse"] > 0
        assert published["seconds"] is None
        assert other["seconds"] > 0
        assert run(vae_main.main, *few[:2], "--only", "subpixel") == 1
        assert "no decoder 'subpixel' for inputs (40,)" in capsys.readouterr().err
        assert run(vae_main.main, *few[:2], "--steps", 0) == 1
        assert "--steps must be 1 or more" in capsys.readouterr().err


class TestEval:
    @pytest.fixture
    def predictions(self, release, tmp_path):
        data = ld_data.load("fake-4")
        path = tmp_path / "predictions.npy"
        np.save(path, data.class_mean[data.test.label] + 0.1)
        return path

    def test_score(self, predictions, capsys):
        score = run_json(capsys, eval_main.main, "score", "fake-4", predictions)
        assert score["noise_free_mse"] == pytest.approx(0.01, rel=1e-4)
        assert run(eval_main.main, "score", "fake-4", predictions) == 0
        assert "skill" in capsys.readouterr().out

    def test_score_refuses_what_is_no_prediction(self, release, tmp_path, capsys):
        path = tmp_path / "a.npy"
        np.save(path, np.zeros((3, 4)))
        assert run(eval_main.main, "score", "fake-4", path) == 1
        assert "one row for each of the 30 test rows" in capsys.readouterr().err
        path.write_text("x,y")
        assert run(eval_main.main, "score", "fake-4", path) == 1
        assert f"error: {path}: expected .npy bytes" in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["nope.npy", "nope"])
    def test_predictions_that_are_not_there_are_told_alike_by_all_commands(self, release, name, capsys):
        missing = f"error: no file {name}: expected predictions (30, 4) for fake-4, saved with numpy.save.\n"
        for words in (("score", "fake-4", name), ("submit", "fake-4", name, "--name", "a")):
            assert run(eval_main.main, *words) == 1
            assert capsys.readouterr().err == missing
        assert run(eval_main.main, "submit", "fake-4", name, "--name", "a", "--challenge") == 1
        assert f"no file {name}: expected predictions for the challenge of fake-4" in capsys.readouterr().err

    def test_baselines(self, release, capsys, monkeypatch):
        monkeypatch.setattr("eval.baselines.registry.SHORT", ("mean", "linear"))
        rows = run_json(capsys, eval_main.main, "baselines", "fake-4")
        assert [row["name"] for row in rows] == ["mean", "linear"]
        assert run(eval_main.main, "baselines", "fake-4", "--only", "oracle") == 0
        shown = capsys.readouterr().out
        assert "oracle" in shown
        assert "linear" not in shown
        assert "seeds" not in shown

    def test_a_table_of_baselines_is_kept_and_checked(self, release, tmp_path, capsys, monkeypatch):
        path = tmp_path / "tables" / "fake-4.json"
        monkeypatch.setattr("eval.baselines.table.table_path", lambda release: path)
        few = ("baselines", "fake-4", "--only", "linear", "feedback-alignment", "--seeds", 2)
        assert run(eval_main.main, *few, "--out", path) == 0
        assert "over 2 seeds" in capsys.readouterr().out
        assert run(eval_main.main, *few, "--check") == 0
        path.write_text(
            path.read_text().replace('"decoded_accuracy": {\n    "mean": ', '"decoded_accuracy": {\n    "mean": 3')
        )
        assert run(eval_main.main, *few, "--check") == 1
        assert "was not reproduced. linear: decoded_accuracy is" in capsys.readouterr().err

    def test_a_name_given_twice_is_measured_once(self, release, capsys):
        rows = run_json(capsys, eval_main.main, "baselines", "fake-4", "--only", "linear", "mean", "linear")
        assert [row["name"] for row in rows] == ["linear", "mean"]

    def test_a_table_is_checked_with_as_many_seeds_as_it_has(self, release, tmp_path, capsys, monkeypatch):
        path = tmp_path / "fake-4.json"
        monkeypatch.setattr("eval.baselines.table.table_path", lambda release: path)
        few = ("baselines", "fake-4", "--only", "feedback-alignment")
        assert run(eval_main.main, *few, "--seeds", 5, "--out", path) == 0
        assert run(eval_main.main, *few, "--check") == 0
        assert run(eval_main.main, *few, "--seeds", 1, "--check") == 1
        assert "measured with the seeds 0; expected the committed 0, 1, 2, 3, 4." in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("--seeds", 0), "seeds must be from 1 to 1000; received 0"),
            (("--seeds", -1), "seeds must be from 1 to 1000; received -1"),
            (("--seed", -1), "seed must be from 0 to 4294967295; received -1"),
            (("--out", "."), "--out must name a file; . is a folder. Try fake-4.json."),
            (("--check",), "no table of baselines at"),
        ],
    )
    def test_bad_options_are_refused_before_anything_is_measured(
        self, release, options, words, tmp_path, capsys, monkeypatch
    ):
        monkeypatch.setattr("eval.baselines.table.table_path", lambda release: tmp_path / "none.json")
        assert run(eval_main.main, "baselines", "fake-4", "--only", "feedback-alignment", *options) == 1
        shown = capsys.readouterr()
        assert words in shown.err
        assert shown.out == ""

    def test_tune(self, release, capsys):
        errors = run_json(capsys, eval_main.main, "tune", "fake-4", "feedback-alignment")
        assert list(errors) == ["0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1"]
        assert run(eval_main.main, "tune", "fake-4", "feedback-alignment") == 0
        assert capsys.readouterr().out.splitlines()[0] == "learning rate  held-out MSE"

    def test_compare(self, predictions, release, tmp_path, capsys):
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

    def test_ladder_of_a_baseline(self, release, capsys):
        result = run_json(capsys, eval_main.main, "ladder", "linear", "--release", "fake-4", "--limit-train", 50)
        assert (result["release"], result["model"], result["rows"]) == ("fake-4", "linear", 50)
        words = {rung["task"]: rung["word"] for rung in result["rungs"]}
        assert words["rotation"] == "learned"
        assert words["teacher"] != "learned"
        assert run(eval_main.main, "ladder", "linear", "--release", "fake-4") == 0
        shown = capsys.readouterr()
        assert "fake-4, 60 + 30 rows, the model linear" in shown.out
        assert "linear lacks these abilities first: to follow a smooth nonlinear map" in shown.out
        assert shown.err == ""  # no progress, as this is no terminal

    def test_ladder_of_a_function_of_ones_own(self, release, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        source = "def fit(x_train, y_train, seed):\n    return lambda x: x\n\n\ndef broken(x, y, seed):\n    return 3\n"
        (tmp_path / "copier.py").write_text(source)
        result = run_json(capsys, eval_main.main, "ladder", "copier:fit", "--release", "fake-4")
        assert [rung["task"] for rung in result["rungs"] if rung["word"] == "learned"] == ["identity"]
        for name, words in (
            ("copier:broken", "fit must return a function of x"),
            ("copier:nope", "Defined there: fit, broken"),
            ("not_there:fit", "no module not_there"),
        ):
            assert run(eval_main.main, "ladder", name, "--release", "fake-4") == 1
            assert words in capsys.readouterr().err

    def test_submit_and_leaderboard(self, service, predictions, capsys):
        assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
        assert capsys.readouterr().out == "no scores yet\n"
        arguments = ("submit", "fake-4", predictions, "--name", "mine", "--to", service)
        assert run_json(capsys, eval_main.main, *arguments)["name"] == "mine"
        board = run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--from", service)
        assert [entry["name"] for entry in board["scores"]] == ["mine"]
        other = predictions.with_name("other.npy")
        np.save(other, np.load(predictions) + 0.1)
        arguments = ("submit", "fake-4", other, "--name", "worse", "--to", service)
        assert run(eval_main.main, *arguments) == 0
        heading, _, _, verdict = capsys.readouterr().out.splitlines()
        assert heading.split()[:2] == ["id", "model"]
        assert verdict.startswith("accepted, rank 2; receipt 2, sha256 ")
        assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
        heading, *rows, _ = capsys.readouterr().out.splitlines()
        assert heading.split()[:3] == ["rank", "id", "model"]
        assert [row.split()[:3] for row in rows] == [["1", "1", "mine"], ["2", "2", "worse"]]

    def test_the_leaderboard_shows_great_figures_in_short(self, service, predictions, capsys):
        np.save(predictions, np.full((30, 4), 1e5))
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "hopeless", "--to", service) == 0
        assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
        (row,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("   1       1  hopeless"))
        assert " 1.0e+10 +- " in row
        assert len(row) < 130
        np.save(predictions, np.full((30, 4), 1e30))
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "hopeless", "--to", service) == 1
        assert "predictions must lie within +-1e+06; received 1e+30" in capsys.readouterr().err

    def test_the_leaderboard_is_that_of_the_service_that_the_environment_names(
        self, service, predictions, monkeypatch, capsys
    ):
        monkeypatch.setenv("LD_DATA_SERVICE", service)
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "mine") == 0
        assert run(eval_main.main, "leaderboard", "fake-4") == 0
        assert capsys.readouterr().out.count("mine") == 2

    def test_submitted_facts_are_listed(self, service, predictions, capsys):
        facts = ("--parameters", 12, "--seconds", 0.5, "--learning-rule", "Hebb")
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "mine", *facts, "--to", service) == 0
        assert "receipt 1, sha256" in capsys.readouterr().out
        (entry,) = run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--from", service)["scores"]
        assert (entry["parameters"], entry["seconds"], entry["learning_rule"]) == (12, 0.5, "Hebb")

    def test_suspects_are_shown_apart(self, service, catalogue, predictions, capsys):
        found = catalogue.find("fake-4")
        manifest = replace(found.manifest, health={"probes": {"mlp_probe": {"value": 0.5}}})
        catalogue._ready["fake-4"] = replace(found, data=replace(found.data, manifest=manifest))
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "doubtful", "--to", service) == 0
        assert "accepted as suspect: more classes decoded than x allows; receipt 1" in capsys.readouterr().out
        assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("no scores yet")
        assert shown.index("suspect:") < shown.index("doubtful")

    def test_verify_log(self, service, predictions, tmp_path, capsys):
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "mine", "--to", service) == 0
        head = httpx2.get(f"{service}/v1/datasets/fake-4/scores").json()["head"]
        log = tmp_path / "log.jsonl"
        log.write_bytes(httpx2.get(f"{service}/v1/scores/log").content)
        capsys.readouterr()
        assert run_json(capsys, eval_main.main, "verify-log", log, "--head", head)["head"] == head
        assert run(eval_main.main, "verify-log", log) == 0
        assert "proved 1 receipts" in capsys.readouterr().out
        log.write_bytes(log.read_bytes().replace(b"mine", b"ours"))
        assert run(eval_main.main, "verify-log", log, "--head", head) == 1
        assert "another log" in capsys.readouterr().err
        log.write_bytes(log.read_bytes() + b"{}\n")
        assert run(eval_main.main, "verify-log", log) == 1
        assert "line 2 of the log is wrong" in capsys.readouterr().err
        assert run(eval_main.main, "verify-log", tmp_path / "nope") == 1
        assert "No such file" in capsys.readouterr().err

    def test_verify_log_finds_the_hashes_that_were_kept_once_it_has_grown(self, service, predictions, tmp_path, capsys):
        kept = []
        for number in range(3):
            np.save(predictions, np.load(predictions) + 0.1)
            submit = ("submit", "fake-4", predictions, "--name", f"{number}", "--to", service)
            kept.append(run_json(capsys, eval_main.main, *submit)["receipt_sha256"])
        log = tmp_path / "log.jsonl"
        log.write_bytes(httpx2.get(f"{service}/v1/scores/log").content)
        receipts = ("--receipt", kept[1], "--receipt", kept[0].upper())
        assert run(eval_main.main, "verify-log", log, *receipts, "--head", kept[0]) == 0
        shown = capsys.readouterr().out.splitlines()
        assert shown[0].startswith("proved 3 receipts")
        assert shown[1:] == [
            f"receipt {kept[1]} is line 2 of 3",
            f"receipt {kept[0]} is line 1 of 3",
            f"head {kept[0]}: the log has grown by 2 receipts since, and is unchanged up to it",
        ]
        proved = run_json(capsys, eval_main.main, "verify-log", log, *receipts, "--head", kept[2])
        assert (proved["lines"], proved["grown"]) == ({kept[1]: 2, kept[0]: 1}, 0)
        for option in ("--receipt", "--head"):
            assert run(eval_main.main, "verify-log", log, option, "ab" * 32) == 1
            assert "none of the 3 receipts of the log has the sha256 abab" in capsys.readouterr().err
            with pytest.raises(SystemExit):
                run(eval_main.main, "verify-log", log, option, kept[0][:8])
            assert "expected the 64 hexadecimal digits" in capsys.readouterr().err

    def test_remove(self, catalogue, store, predictions, tmp_path, capsys, monkeypatch):
        with serve(make_app(catalogue, store, tokens=Tokens(remove="out"))) as service:
            assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "mine", "--to", service) == 0
            remove = ("remove", "fake-4", 1, "--reason", "a test", "--from", service)
            assert run(eval_main.main, *remove) == 1
            assert "answered 401" in capsys.readouterr().err
            monkeypatch.setenv("LD_DATA_REMOVE_TOKEN", "out")
            removed = run_json(capsys, eval_main.main, *remove)
            assert (removed["removed"], removed["reason"]) == (1, "a test")
            assert run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--from", service)["scores"] == []
            assert run(eval_main.main, *remove) == 1
            assert "was removed before" in capsys.readouterr().err
            assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "again", "--to", service) == 0
            remove = ("remove", "fake-4", 3, "--reason", "a test", "--from", service)
            assert run(eval_main.main, *remove) == 0
            assert "removed entry 3 of fake-4\nreceipt 4, sha256" in capsys.readouterr().out

    def test_challenge(self, service, tmp_path, capsys, monkeypatch):
        monkeypatch.setitem(challenge.GENERATORS, "fake", generate)
        x, predictions = tmp_path / "x.npy", tmp_path / "y.npy"
        state = run_json(capsys, eval_main.main, "challenge", "fake-4", "--out", x, "--from", service)
        np.save(predictions, guess_classes(np.load(x)))
        x.unlink()
        assert run(eval_main.main, "challenge", "fake-4", "--out", x, "--from", service) == 0
        assert state["secret_sha256"] in capsys.readouterr().out
        submit = ("submit", "fake-4", predictions, "--name", "mine", "--to", service)
        assert run_json(capsys, eval_main.main, *submit, "--challenge", "--season", 1)["season"] == 1
        assert run(eval_main.main, *submit, "--season", 1) == 1
        assert "--season goes with --challenge" in capsys.readouterr().err
        assert run(eval_main.main, *submit, "--challenge", "--season", 2) == 1
        assert "are for season 2" in capsys.readouterr().err
        board = run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--challenge", "--from", service)
        assert [entry["name"] for entry in board["scores"]] == ["mine"]
        assert run(eval_main.main, "leaderboard", "fake-4", "--challenge", "--from", service) == 0
        assert "mine" in capsys.readouterr().out

    def test_the_x_of_a_challenge_replaces_no_file(self, tmp_path, capsys):
        """Nor is anything fetched before that is said: nobody listens at that address."""
        mine = tmp_path / "mine.npy"
        mine.write_text("mine")
        nowhere = ("challenge", "fake-4", "--from", "http://127.0.0.1:9", "--out")
        assert run(eval_main.main, *nowhere, mine) == 1
        assert capsys.readouterr().err == f"error: {mine} exists and is not overwritten. Choose another name.\n"
        assert mine.read_text() == "mine"
        assert run(eval_main.main, *nowhere, tmp_path / "none" / "x.npy") == 1
        assert "there is no folder" in capsys.readouterr().err

    def test_close_season(self, service, tmp_path, capsys, monkeypatch):
        monkeypatch.setitem(challenge.GENERATORS, "fake", generate)
        state = httpx2.get(f"{service}/v1/datasets/fake-4/challenge").json()
        close = ("close-season", "fake-4", "--scores", tmp_path / "scores.sqlite")
        closed = run_json(capsys, eval_main.main, *close)
        assert sha256(closed["secret"].encode()).hexdigest() == state["secret_sha256"]
        after = httpx2.get(f"{service}/v1/datasets/fake-4/challenge").json()
        assert (after["season"], after["closed"][0]["secret"]) == (2, closed["secret"])
        monkeypatch.setenv("HOME", str(tmp_path))
        assert run(eval_main.main, "close-season", "fake-4", "--scores", "~/scores.sqlite") == 0
        assert "closed season 2 of fake-4" in capsys.readouterr().out
        assert run(eval_main.main, *close) == 1
        assert "no open season" in capsys.readouterr().err
        assert run(eval_main.main, "close-season", "fake-4", "--scores", tmp_path / "none.sqlite") == 1
        assert "no leaderboard" in capsys.readouterr().err
        assert not (tmp_path / "none.sqlite").exists()

    def test_judge(self, checkpoints, tiny_mnist1d, capsys, monkeypatch):
        assert run(data_main.main, *QUICK, "--latent-dim", 5) == 0
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

    def test_classify(self, tiny_mnist1d, capsys):
        quick = ("mnist1d-cnn", "mnist1d", "--epochs", 1)
        result = run_json(capsys, eval_main.main, "classify", *quick, "--seed", 3, "--seeds", 2, "--limit-train", 300)
        assert [(trial["seed"], trial["train_rows"]) for trial in result["trials"]] == [(3, 300), (4, 300)]
        assert result["mean"] == pytest.approx(sum(trial["accuracy"] for trial in result["trials"]) / 2)
        assert run(eval_main.main, "classify", *quick, "--shuffled") == 0
        shown = capsys.readouterr()
        assert (
            "mnist1d, shuffled, 400 + 100 rows\nmnist1d-cnn (three convolutions), 5210 parameters, 1 epochs\nreads "
            in shown.out
        )
        assert shown.err == ""  # no progress, as this is no terminal

    def test_classify_latents_and_what_is_decoded_of_them(self, release, capsys, monkeypatch):
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
    def test_what_cannot_be_classified_is_told(self, tiny_mnist1d, checkpoints, arguments, words, capsys):
        assert run(eval_main.main, "classify", *arguments) == 1
        shown = capsys.readouterr()
        assert words in shown.err
        assert shown.out == ""

    def test_tsne(self, tiny_mnist1d, tmp_path, capsys):
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

    def test_reproduce(self, tiny_mnist1d, checkpoints, capsys, monkeypatch):
        plan = replace(CLASSIFIERS["mnist1d-mlp"].plan, epochs=1)
        monkeypatch.setitem(CLASSIFIERS, "mnist1d-mlp", replace(CLASSIFIERS["mnist1d-mlp"], plan=plan))
        table = ("reproduce", "mnist1d", "--only", "mnist1d-mlp")
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
        assert "(68)" in measured
        assert run(eval_main.main, *table, "--kept") == 0
        assert capsys.readouterr().out == measured
        assert run(eval_main.main, *table, "--check") == 1
        assert "and seeds from 0 to 2; there are 0 (tensorflow), 1 (tensorflow)" in capsys.readouterr().err
        kept.write_text(kept.read_text().replace('"accuracy": 0', '"accuracy": 9'))
        assert run(eval_main.main, *table, "--seeds", 2, "--check") == 1
        assert "the kept table was not reproduced. mnist1d-mlp on mnist1d: accuracy is 0." in capsys.readouterr().err

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
    def test_what_cannot_be_reproduced_is_told(self, arguments, words, checkpoints, capsys):
        assert run(eval_main.main, "reproduce", *arguments) == 1
        assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("main", "words", "known"),
    [
        (data_main.main, ("build", "nope"), "mnist, mnist1d"),
        (data_main.main, ("build", "mnist1d", "--recipe", "nope"), "images"),
        (vae_main.main, ("train", "nope", "--out", "models"), "mnist, mnist1d"),
        (vae_main.main, ("decoders", "ld-mnist1d-32", "--only", "nope"), "dense-512-512"),
        (eval_main.main, ("baselines", "ld-mnist1d-32", "--only", "mean", "nope"), "mean, linear"),
        (eval_main.main, ("tune", "ld-mnist1d-32", "linear"), "backpropagation, feedback-alignment"),
        (eval_main.main, ("ladder", "nope"), "mean, linear"),
        (eval_main.main, ("ladder", "nope"), "A function of your own is named as module:function"),
        (eval_main.main, ("classify", "nope", "mnist1d"), "logistic, mlp"),
        (eval_main.main, ("tsne", "nope", "mnist1d", "--out", "maps.png"), "logistic, mlp"),
        (eval_main.main, ("reproduce", "nope"), "mnist1d, ladder"),
        (eval_main.main, ("reproduce", "ladder", "--only", "nope"), "lenet"),
    ],
)
def test_a_name_that_there_is_not_is_wrong_usage(main, words, known, capsys):
    with pytest.raises(SystemExit) as ended:
        run(main, *words)
    assert ended.value.code == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert "nope" in last or "linear" in last
    assert known in last.replace("'", "")  # which some versions of Python put around each


def test_the_service_tells_at_once_that_its_port_is_taken(service, checkpoints, tmp_path, capsys):
    arguments = ["--checkpoints", str(checkpoints), "--scores", str(tmp_path / "s"), "--port", service.split(":")[-1]]
    assert serve_main(arguments) == 1
    assert "Choose another with --port" in capsys.readouterr().err


def test_the_service_tells_of_scores_that_it_cannot_verify(service, checkpoints, tmp_path, monkeypatch, capsys):
    place = tmp_path / "older.sqlite"
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE scores (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO scores DEFAULT VALUES")
        connection.commit()
    monkeypatch.setenv("LD_DATA_SCORES", str(place))
    assert serve_main(["--checkpoints", str(checkpoints), "--port", service.split(":")[-1]]) == 1
    assert "1 scores of an older version stay" in capsys.readouterr().err


@pytest.mark.parametrize("port", [80000, -1])
def test_the_service_refuses_a_port_that_there_cannot_be(checkpoints, tmp_path, port, capsys):
    assert serve_main(["--checkpoints", str(checkpoints), "--port", str(port)]) == 1
    assert capsys.readouterr().err == f"error: --port must be from 0 to 65535; received {port}.\n"


@pytest.mark.parametrize("place", ["mysql://a/b", "postgresql://127.0.0.1:9/b"])
def test_the_service_refuses_a_leaderboard_that_it_cannot_open(checkpoints, place, capsys):
    assert serve_main(["--checkpoints", str(checkpoints), "--scores", place]) == 1
    assert capsys.readouterr().err.startswith("error: the leaderboard")


def test_the_service_refuses_a_folder_that_is_not_there(tmp_path, capsys):
    assert serve_main(["--checkpoints", str(tmp_path / "nope")]) == 1
    assert "is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("backend", ["nope", "openvino"])
def test_a_backend_that_is_not_there_is_told(backend):
    command = [sys.executable, "-m", "eval", "classify", "mlp", "mnist1d"]
    result = subprocess.run(
        command, env=os.environ | {"KERAS_BACKEND": backend}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: KERAS_BACKEND is {backend}, and cannot be had")
    assert result.stderr.count("\n") == 1
