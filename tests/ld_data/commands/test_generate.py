import re

import numpy as np
import pytest

import ld_data.__main__ as data_main
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import make_mnist1d
from ld_data.sources.mnist import load_mnist
from ld_data.variations.stream import VariationConfig, VariationStream
from tests.support.command_lines import run, run_json


@pytest.mark.slow
def test_generate(tmp_path, capsys):
    out = tmp_path / "signals.npz"
    arguments = ("generate", "mnist1d", "--out", out, "--num-samples", 50, "--padding", 10, 20, "--shuffle-seq")
    made = run_json(capsys, data_main.main, *arguments)
    assert made == {"files": [str(out)], "train": 40, "test": 10, "points": 40}
    expected = make_mnist1d(Mnist1dConfig(num_samples=50, padding=(10, 20), shuffle_seq=True))
    with np.load(out) as arrays:
        assert np.array_equal(arrays["x"], expected.x)
        assert np.array_equal(arrays["y_test"], expected.y_test)


def test_generate_in_another_mode_from_other_templates(tmp_path):
    templates = np.random.default_rng(0).normal(size=(3, 9))
    np.save(tmp_path / "templates.npy", templates)
    arguments = ("--num-samples", 30, "--mode", "canonical", "--templates", tmp_path / "templates.npy")
    assert run(data_main.main, "generate", "mnist1d", "--out", tmp_path / "s", *arguments) == 0
    expected = make_mnist1d(Mnist1dConfig(num_samples=30), templates, "canonical")
    assert np.array_equal(np.load(tmp_path / "s" / "signals.npy"), np.concatenate([expected.x, expected.x_test]))
    assert np.array_equal(np.load(tmp_path / "s" / "labels.npy")[:24], expected.y)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out", "a.csv"), "must end in .npz"),
        (("--out", "exists.npz"), "not overwritten"),
        (("--out", "a.npz", "--num-samples", "3"), "num_samples must be 10 or more"),
        (("--out", "a.npz", "--num-samples", "0"), "num_samples must be from 1 to"),
        (("--out", "a.npz", "--padding", "60", "36"), "least <= most"),
        (("--out", "a.npz", "--iid-noise-scale", "nan"), "iid_noise_scale must be a number from -1e+06"),
        (("--out", "a.npz", "--templates", "exists.npz"), "expected .npy bytes"),
        (("--out", "a.npz", "--templates", "none.npy"), "No such file"),
        (("--out", "nowhere/a.npz"), "no folder nowhere"),
    ],
)
def test_generate_refuses_and_writes_nothing(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exists.npz").write_text("mine")
    assert run(data_main.main, "generate", "mnist1d", *arguments) == 1
    assert words in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.slow
def test_generate_variations(tmp_path, mnist_home, capsys):
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


@pytest.mark.slow
def test_generate_variations_from_pictures(tmp_path, mnist_home):
    np.save(tmp_path / "pictures.npy", np.random.default_rng(0).uniform(size=(1, 28, 28)))
    arguments = ("--pictures", tmp_path / "pictures.npy", "--train", 3, "--test", 2, "--out", tmp_path / "v.npz")
    assert run(data_main.main, "generate", "mnist-back-image-like", *arguments) == 0
    with np.load(tmp_path / "v.npz") as arrays:
        assert np.array_equal(arrays["background_train"][2], np.load(tmp_path / "pictures.npy")[0].astype(np.float32))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out", "a.csv"), "must end in .npz"),
        (("--out", "a.npz", "--train", "0"), "--train must be from 1"),
        (("--out", "a.npz", "--gamma", "2"), "gamma must be from 0 to 1|gamma must be a number from 0 to 1"),
        (("--out", "a.npz", "--pictures", "none.npy"), "No such file"),
    ],
)
def test_generate_variations_refuses_and_writes_nothing(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert run(data_main.main, "generate", "mnist-back-image-like", *arguments) == 1
    assert re.search(words, capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []
