from dataclasses import dataclass, replace

import pytest

import ld_data
import vae
from ld_data.errors import HealthError, InputError, MissingDataError, StorageError, UnknownNameError
from ld_data.release.report import Goal
from tests.support.fakes import K, make_source
from vae.config import VaeConfig
from vae.recipes import CLASSES, Recipe
from vae.training.train import train_codec

pytestmark = pytest.mark.slow

TINY = Recipe(
    "tiny",
    VaeConfig((2, 2), 3, (), decoder_units=(8,), likelihood="gaussian", epochs=1, batch_size=16, seed=5),
    replace(CLASSES, input_shape=(K,)),
)
JUDGED = {"decoded": {"judge_originals": Goal(least=0.9)}}
LEARNED = {"skill": {"ridge": Goal(least=0.5)}}


@dataclass(frozen=True)
class Brightest:
    """Reads the class off the brightest of the first pixels."""

    sha256: str = "0" * 64

    def classify(self, inputs):
        return inputs.reshape(len(inputs), -1)[:, :K].argmax(axis=1)


@pytest.fixture
def build(checkpoints, small_models):
    """`vae.build_release` of 256 rows, examined briefly."""
    return lambda *arguments, **options: vae.build_release(make_source(256, 60), *arguments, **options)


def test_a_release_is_built_from_python(build, checkpoints):
    shown = []
    recipe = replace(TINY, goals={**JUDGED, **LEARNED})
    built = build(recipe, Brightest(), lambda data: {"ridge": 0.6}, change="A try.", on_report=shown.append)
    assert built.folder == checkpoints / "ld-fake-tiny-3"
    assert shown == [built.report]
    data = ld_data.load("ld-fake-tiny-3")
    assert data.train.x.shape == (256, 3)
    manifest = ld_data.verify(built.folder)
    assert (manifest.seed, manifest.command, manifest.y_kind) == (5, "", "cells")
    assert manifest.recipe == TINY.to_record(has_goals=True)
    assert manifest.judge_sha256 == Brightest().sha256
    assert manifest.health == built.report.to_values()
    assert manifest.health["decoded"]["judge_originals"]["value"] == 1.0
    assert manifest.health["skill"]["ridge"]["value"] == 0.6
    assert manifest.changes[0].text == "A try."
    assert {"examples.npz", "model.json"} < set(manifest.files)


def test_a_release_that_misses_a_goal_is_refused_unless_goals_are_not_checked(build, checkpoints, monkeypatch):
    codec = train_codec(make_source(256, 60), TINY)  # the goals change nothing in the training
    monkeypatch.setattr("vae.release.train_codec", lambda *_: codec)
    impossible = replace(TINY, goals={"x_train": {"worst_mean": Goal(most=-1.0)}})
    with pytest.raises(HealthError, match=r"tiny misses 1 of its goals.*\n  x_train worst_mean"):
        build(impossible, name="tiny")
    assert [path.name for path in checkpoints.iterdir()] == [".tiny.refused"]
    assert build(impossible, name="tiny", check_goals=False).folder == checkpoints / "tiny"
    assert ld_data.load("tiny").manifest.recipe.has_goals is False


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((replace(TINY, goals=JUDGED),), {}, MissingDataError, "the goals need a judge of fake"),
        ((replace(TINY, goals=LEARNED),), {}, MissingDataError, "the goals need the skill of learners"),
        ((TINY,), {"name": "A b"}, InputError, "lower-case letters"),
        ((TINY,), {"name": "taken"}, StorageError, "is not a release"),
        (("cifar",), {}, UnknownNameError, "no recipe 'cifar'"),
        (("mnist1d",), {}, InputError, "is for signals"),
    ],
)
def test_a_build_is_refused_before_the_training(build, checkpoints, monkeypatch, arguments, options, error, words):
    monkeypatch.setattr("vae.release.train_codec", lambda *_: pytest.fail("it trained"))
    (checkpoints / "taken").mkdir()
    with pytest.raises(error, match=words):
        build(*arguments, **options)


def test_an_unknown_source_is_refused(checkpoints):
    with pytest.raises(UnknownNameError, match="no source 'cifar'"):
        vae.build_release("cifar")
