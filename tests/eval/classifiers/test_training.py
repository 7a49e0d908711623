import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from eval.classifiers.tables import summarise
from eval.classifiers.training import (
    Examples,
    describe_trials,
    keep_rows,
    measure,
    shuffle_positions,
    take_decoded,
    take_inputs,
    take_latents,
    to_json,
)
from ld_data.errors import InputError
from ld_data.mnist1d.dataset import make_mnist1d
from ld_data.release.writer import make_dataset
from ld_data.sources.source import Source
from tests.support.fakes import FakeCodec, make_source
from tests.support.stripes import make_stripes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def examples():
    return Examples("stripes", *make_stripes(300, (12,), 0), *make_stripes(100, (12,), 1), "0")


@pytest.mark.untraced
def test_a_trial_records_classifier_inputs_and_training(examples):
    trial = measure("mnist1d-logistic", examples, seed=3, epochs=30)
    assert trial.accuracy > 0.95
    assert (trial.classifier, trial.inputs, trial.sha256, trial.seed) == ("mnist1d-logistic", "stripes", "0", 3)
    assert (trial.epochs, trial.train_rows, trial.test_rows) == (30, 300, 100)
    assert trial.parameters == 12 * 3 + 3


@pytest.mark.untraced
def test_labels_unrelated_to_the_inputs_are_not_read(examples):
    labels = np.random.default_rng(0).permutation(examples.label_test)
    assert measure("mnist1d-logistic", replace(examples, label_test=labels), epochs=10).accuracy < 0.6


def test_the_default_epochs_are_those_of_the_registry(examples, monkeypatch):
    monkeypatch.setattr("eval.classifiers.registry.fit_model", lambda *arguments: None)
    assert measure("mnist1d-logistic", examples).epochs == 150


@pytest.mark.parametrize(("seed", "epochs"), [(-1, 1), (0.5, 1), (2**31, 1), (0, 0), (0, -1), (0, 100_001)])
def test_seeds_and_epochs_out_of_range_are_refused(seed, epochs, examples):
    with pytest.raises(InputError, match="must be"):
        measure("mlp", examples, seed, epochs)


def test_pixels_of_a_source_are_scaled():
    inputs = np.full((4, 2, 2), 255, np.uint8)
    labels = np.array([0, 1, 0, 1], np.uint8)
    examples = take_inputs(Source("white", inputs, labels, inputs, labels, lambda seed: (inputs, labels), "MIT"))
    assert examples.name == "white"
    assert examples.x_train.dtype == examples.x_test.dtype == np.float32
    assert examples.x_train.max() == examples.x_test.min() == 1


def test_latents_and_decoded_latents_keep_their_labels():
    source, codec = make_source(), FakeCodec()
    data = make_dataset(source, codec, "fake-4", seed=0)
    latents = take_latents(data)
    decoded = take_decoded(latents, codec)
    assert (latents.name, decoded.name) == ("fake-4", "fake-4, decoded")
    assert np.array_equal(latents.x_test, data.test.x)
    assert np.array_equal(decoded.x_train, codec.x.decode(data.train.x))
    assert decoded.x_test.shape == (30, 2, 2)
    assert np.array_equal(decoded.label_test, source.label_test)
    assert decoded.sha256 == latents.sha256
    other = replace(data, train=replace(data.train, x=-data.train.x))
    assert take_latents(other).sha256 != latents.sha256


def test_shuffled_positions_are_the_same_for_all_inputs(examples):
    shuffled = shuffle_positions(examples)
    order = [int(np.flatnonzero(examples.x_train[0] == value)[0]) for value in shuffled.x_train[0]]
    assert sorted(order) == list(range(12)) != order
    assert np.array_equal(shuffled.x_test, examples.x_test[:, order])
    assert np.array_equal(shuffled.label_train, examples.label_train)
    assert shuffled.name == "stripes, shuffled"


def test_mnist1d_is_shuffled_as_in_the_original():
    signals = make_mnist1d()
    source = Source("mnist1d", signals.x, signals.y, signals.x_test, signals.y_test, lambda seed: None, "Apache-2.0")
    shuffled = shuffle_positions(take_inputs(source))
    order = np.random.RandomState(42).permutation(40)  # as numpy.random.seed(42) in its notebook
    assert np.array_equal(shuffled.x_test, signals.x_test[:, order].astype(np.float32))


def test_images_stay_images_when_their_pixels_are_shuffled():
    images = Examples("images", *make_stripes(20, (6, 4), 0), *make_stripes(10, (6, 4), 1), "0")
    shuffled = shuffle_positions(images)
    assert shuffled.x_train.shape == (20, 6, 4)
    assert np.array_equal(np.sort(shuffled.x_test[0].ravel()), np.sort(images.x_test[0].ravel()))


def test_fewer_training_rows_are_the_first_ones(examples):
    few = keep_rows(examples, 50)
    assert np.array_equal(few.x_train, examples.x_train[:50])
    assert len(few.label_train) == 50
    assert len(few.x_test) == 100
    assert few.name == "stripes, first 50"
    assert keep_rows(examples, 300) is keep_rows(examples, 10**9) is examples


@pytest.mark.parametrize("rows", [0, -1, 1.5])
def test_no_rows_cannot_be_kept(rows, examples):
    with pytest.raises(InputError, match="the training rows to keep must be"):
        keep_rows(examples, rows)


def test_rows_that_leave_classes_out_are_refused(examples):
    ordered = replace(examples, label_train=np.sort(examples.label_train))
    with pytest.raises(InputError, match="the first 10 training rows hold 1 of 3 classes"):
        keep_rows(ordered, 10)
    gap = replace(examples, label_train=np.r_[[0, 2], examples.label_train[2:]])
    with pytest.raises(InputError, match="the first 2 training rows hold 2 of 3 classes"):
        keep_rows(gap, 2)


def test_trials_are_summarised_as_text_and_json(examples):
    trial = measure("mnist1d-logistic", examples, epochs=1)
    trials = [replace(trial, seed=seed, accuracy=accuracy) for seed, accuracy in ((0, 0.5), (1, 0.7))]
    assert summarise(trials).mean == pytest.approx(0.6)
    words = describe_trials(trials)
    assert "stripes, 300 + 100 rows" in words
    assert "(logistic regression), 39 parameters, 1 epochs" in words
    assert "reads 60.00% +- 14.14% of the test rows right: 50.00% (seed 0), 70.00% (seed 1)" in words
    assert "+-" not in describe_trials(trials[:1])
    assert to_json(trials)["mean"] == pytest.approx(0.6)
    assert to_json(trials)["trials"][1]["accuracy"] == 0.7


@pytest.mark.skipif(find_spec("jax") is None, reason="needs JAX")
def test_classifiers_train_on_jax_too():
    words = ["eval", "classify", "mnist1d-gru", "mnist1d", "--epochs", "1", "--limit-train", "500", "--json"]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    result = subprocess.run([sys.executable, "-m", *words], env=environment, capture_output=True, check=True)
    (trial,) = json.loads(result.stdout)["trials"]
    assert trial["backend"] == "jax"
    assert trial["accuracy"] > 0.1
