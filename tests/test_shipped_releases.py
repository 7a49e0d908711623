"""The releases in checkpoints/: whole, as described, and redrawn by their own models."""

import os
import signal
import subprocess
import sys

import httpx2
import numpy as np
import pytest

import ld_data
import vae
from ld_data import settings as locations
from ld_data.health.gaussianity import measure_moments
from ld_data.mnist1d.dataset import make_mnist1d
from ld_data.release.folder import verify
from ld_data.release.report import read_goals
from ld_data.sources.mnist import load_mnist
from ld_data.sources.source import Source
from ld_data.variations.stream import PRESETS, VariationStream, to_bytes
from tests.support.paths import ROOT
from vae.recipes import describe_build, find_recipe, restore_recipe

CHECKPOINTS = ROOT / "checkpoints"
ROT_BACK = "ld-mnist-rot-back-32"
SHAPES = {"ld-mnist-32": (28, 28), ROT_BACK: (28, 28), "ld-mnist1d-32": (40,), "ld-mnist1d-60k-32": (40,)}
NAMES = tuple(SHAPES)
ROWS = {**dict.fromkeys(NAMES, (60_000, 10_000)), "ld-mnist1d-32": (4000, 1000)}
MAX_BYTES = 32 * 2**20  # with the shifted test sets


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def data(name):
    return ld_data.load(CHECKPOINTS / name)


@pytest.fixture(scope="module")
def codec(name):
    return vae.load(CHECKPOINTS / name)


def test_no_release_is_left_out():
    assert tuple(ld_data.list_releases(CHECKPOINTS)) == NAMES


def test_it_is_whole_and_small_enough(name):
    manifest = verify(CHECKPOINTS / name)
    assert manifest.name == name
    assert sum(record.size for record in manifest.files.values()) <= MAX_BYTES


def test_its_recipe_and_command_build_it(name, data, codec):
    source_name = data.manifest.source["name"]
    shape, labels = codec.x.input_shape, np.arange(10, dtype=np.uint8)
    source = Source(source_name, np.zeros((10, *shape)), labels, np.zeros((10, *shape)), labels, None, "")
    recipe = restore_recipe(data.manifest, source)
    assert recipe.x == codec.x.vae.config
    assert recipe.y == codec.y.kind == "cells"
    assert data.manifest.command == describe_build(source, recipe, name, has_goals=True)


def test_rows_and_closed_forms(name, data):
    assert (len(data.train), len(data.test)) == ROWS[name]
    assert (data.latent_dim, data.classes) == (32, 10)
    assert data.manifest.null == 1.0
    assert data.manifest.floor == pytest.approx(0.918, abs=5e-4)
    spread = np.square(data.train.y - data.class_mean[data.train.label]).mean()
    assert spread == pytest.approx(data.manifest.floor, abs=4 * np.sqrt(2 / data.train.y.size))


def test_y_decodes_to_its_own_class_every_time(data):
    assert np.array_equal(data.classify(data.train.y), data.train.label)
    assert np.array_equal(data.classify(data.test.y), data.test.label)


@pytest.mark.slow
def test_y_is_redrawn_bit_for_bit(data, codec):
    seed = data.manifest.seed
    assert np.array_equal(codec.y.encode(data.train.label, seed=seed), data.train.y)
    assert np.array_equal(codec.y.encode(data.test.label, seed=seed, first_row=len(data.train)), data.test.y)


def test_no_goal_of_its_recipe_is_left_out_or_missed_beyond_its_allowance(data):
    health, goals = data.manifest.health, find_recipe(data.manifest.source["name"]).goals
    assert {group: wanted for group, wanted in read_goals(health).items() if wanted} == goals
    for group, wanted in goals.items():
        for measure, goal in wanted.items():
            assert goal.is_met(health[group][measure]["value"], goal.allowance), (group, measure)
            assert health[group][measure]["missed"] != goal.is_met(health[group][measure]["value"])


def test_the_moments_in_the_manifest_are_those_of_the_arrays(data):
    for group, latents in (("x_train", data.train.x), ("x_test", data.test.x), ("y_test", data.test.y)):
        recorded = {name: row["value"] for name, row in data.manifest.health[group].items()}
        for name, value in measure_moments(latents).items():
            assert recorded[name] == pytest.approx(value, abs=1e-6)


def test_every_direction_is_used_and_every_measure_of_latents_has_its_null(data):
    for group in ("x_train", "x_test"):
        health = data.manifest.health[group]
        assert health["used_directions"]["value"] == 32
        without_null = {name for name, row in health.items() if "null_mean" not in row}
        assert without_null == {"least_signal", "used_directions", "rate"}


def test_rows_do_not_depend_on_the_other_rows(codec, data):
    latents = data.test.x[:1000]
    inputs = codec.x.decode(latents)
    x = codec.x.encode(inputs, seed=1)
    for start, rows in ((0, 1), (5, 2), (300, 3), (255, 64), (7, 257)):
        part = slice(start, start + rows)
        assert np.array_equal(codec.x.decode(latents[part]), inputs[part])
        assert np.array_equal(codec.x.encode(inputs[part], seed=1, first_row=start), x[part])


def test_mnist1d_is_encoded_by_the_shipped_models():
    data, codec = (load(CHECKPOINTS / "ld-mnist1d-32") for load in (ld_data.load, vae.load))
    signals = make_mnist1d().x_test.astype(np.float32)
    x = codec.x.encode(signals, seed=data.manifest.seed, first_row=len(data.train))
    assert np.abs(x - data.test.x).max() < 1e-3
    assert np.square(codec.x.decode(data.test.x) - signals).mean() < 0.03


@pytest.mark.slow
def test_mnist_is_encoded_by_the_shipped_models(mnist_home):
    data, codec = (load(CHECKPOINTS / "ld-mnist-32") for load in (ld_data.load, vae.load))
    images = load_mnist()["x_test"][:2000]
    x = codec.x.encode(images, seed=data.manifest.seed, first_row=len(data.train))
    assert np.abs(x - data.test.x[:2000]).max() < 1e-3
    assert np.square(codec.x.decode(data.test.x[:2000]) - images / 255).mean() < 0.008


@pytest.mark.slow
def test_varied_digits_are_encoded_by_the_shipped_models(mnist_home):
    data, codec = (load(CHECKPOINTS / ROT_BACK) for load in (ld_data.load, vae.load))
    digits, first = load_mnist(), len(data.train)
    stream = VariationStream(PRESETS[data.manifest.source["name"]], digits["x_test"], digits["y_test"])
    images = to_bytes(stream.make_rows(first, 2000).x)
    x = codec.x.encode(images, seed=data.manifest.seed, first_row=first)
    assert np.abs(x - data.test.x[:2000]).max() < 1e-3
    assert np.square(codec.x.decode(data.test.x[:2000]) - images / 255).mean() < 0.022


@pytest.mark.slow
def test_the_service_starts_serves_them_all_and_stops(tmp_path):
    """`python -m api` in a process of its own."""
    command = [sys.executable, "-m", "api", "--port", "0", "--scores", str(tmp_path / "scores.sqlite")]
    environment = {**os.environ, locations.CHECKPOINTS_VARIABLE: str(CHECKPOINTS)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            announced = process.stdout.readline()
            address = announced.split()[-1]
            assert announced == f"serving {', '.join(NAMES)} at {address}\n"
            state = {"status": "ok", "ready": list(NAMES), "not_ready": {}, "leaderboard": "ok"}
            assert httpx2.get(f"{address}/health").json() == state
            for name, shape in SHAPES.items():
                vectors = np.zeros((2, 32)).tolist()
                answer = httpx2.post(f"{address}/v1/datasets/{name}/x/decode", json={"vectors": vectors})
                assert np.array(answer.json()["inputs"]).shape == (2, *shape)
        finally:
            process.send_signal(signal.SIGTERM)  # a shell in the background has its children ignore SIGINT
    assert process.returncode == 0
