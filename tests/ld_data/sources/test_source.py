from dataclasses import replace

import numpy as np
import pytest

from ld_data.errors import InputError, UnknownNameError
from ld_data.sources import source as sources
from ld_data.sources.catalogue import load_source
from ld_data.sources.user_images import read_source
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.published import Variations
from ld_data.variations.stream import PRESETS, VariationStream, to_bytes
from tests.support.fakes import make_source


def test_mnist1d_is_the_published_set():
    source = load_source("mnist1d")
    assert source.inputs_train.shape == (4000, 40)
    assert source.inputs_test.shape == (1000, 40)
    assert source.inputs_train.dtype == np.float32
    assert source.classes == 10


def test_the_large_mnist1d_has_as_many_rows_as_mnist():
    config = sources.MNIST1D_LARGE
    assert (round(config.num_samples * config.train_split), config.num_samples) == (60_000, 70_000)


def test_mnist1d_models_are_fitted_on_other_signals(monkeypatch):
    monkeypatch.setattr(sources, "MNIST1D_FIT_ROWS", 5000)
    source = load_source("mnist1d")
    fit, labels = source.make_fit_set(0)
    assert fit.shape == (5000, 40)
    assert labels.shape == (5000,)
    assert not np.array_equal(fit, source.make_fit_set(1)[0])
    assert not (fit[:, None, :5] == source.inputs_test[None, :, :5]).all(axis=2).any()


def test_mnist_is_fitted_on_its_training_images(mnist_home):
    source = load_source("mnist")
    inputs, labels = source.make_fit_set(0)
    assert inputs is source.inputs_train
    assert labels is source.label_train
    assert source.inputs_train.dtype == np.uint8


@pytest.fixture
def few_digits(monkeypatch):
    """MNIST with few digits, that differ from each other."""
    images = np.random.default_rng(0).integers(0, 256, (30, 28, 28), np.uint8)
    labels = (np.arange(30) % 10).astype(np.uint8)
    arrays = {"x_train": images[:20], "y_train": labels[:20], "x_test": images[20:], "y_test": labels[20:]}
    monkeypatch.setattr(sources, "load_mnist", lambda: arrays)
    monkeypatch.setattr(sources, "VARIATIONS_FIT_ROWS", 50)
    return arrays


@pytest.mark.parametrize("name", PRESETS)
def test_variations_are_each_digit_once_in_order(few_digits, name):
    source = load_source(name)
    assert (source.name, source.inputs_train.shape, source.inputs_test.shape) == (name, (20, 28, 28), (10, 28, 28))
    assert source.inputs_train.dtype == source.inputs_test.dtype == np.uint8
    assert np.array_equal(source.label_train, few_digits["y_train"])
    train = VariationStream(PRESETS[name], few_digits["x_train"], few_digits["y_train"])
    test = VariationStream(PRESETS[name], few_digits["x_test"], few_digits["y_test"])
    assert np.array_equal(source.inputs_train, to_bytes(train.make_rows(0, 20).x))
    assert np.array_equal(source.inputs_test, to_bytes(test.make_rows(20, 10).x))  # with angles of its own
    assert load_source(name).sha256 == source.sha256


def test_variations_tell_what_each_image_was_put_together_from(few_digits):
    source = load_source("mnist-rot-back-image-like")
    for images, parts in zip((source.inputs_train, source.inputs_test), source.make_parts(), strict=True):
        assert np.array_equal(to_bytes(np.maximum(parts.digit, parts.background)), images)
        assert len(np.unique(parts.angle)) == len(images)
    assert not load_source("mnist-rot-like").make_parts()[1].background.any()
    assert load_source("mnist1d").make_parts is None


def test_models_of_variations_are_fitted_on_training_digits_varied_otherwise(few_digits):
    source = load_source("mnist-rot-like")
    fit, labels = source.make_fit_set(0)
    assert (fit.shape, fit.dtype) == ((50, 28, 28), np.uint8)
    assert np.array_equal(labels, few_digits["y_train"][np.arange(50) % 20])
    assert not (fit[:20] == source.inputs_train).all(axis=(1, 2)).any()
    assert not np.array_equal(source.make_fit_set(1)[0], fit)


def test_published_variations_are_a_source_as_they_are(monkeypatch):
    random = np.random.default_rng(0)
    data = Variations(random.uniform(size=(12, 28, 28)), np.arange(12), random.uniform(size=(5, 28, 28)), np.arange(5))
    asked = []
    monkeypatch.setattr(sources, "load_variations", lambda name: asked.append(name) or data)
    for name in PUBLICATIONS:
        source = load_source(name)
        assert (source.name, source.licence, source.judge) == (name, "unknown", name)
        assert source.inputs_train is data.x_train
        assert source.make_fit_set(0)[1] is data.y_train
    assert asked == list(PUBLICATIONS)


def test_the_hash_covers_every_array():
    source = make_source()
    assert source.sha256 == make_source().sha256
    for name in ("x_train", "label_train", "x_test", "label_test"):
        altered = getattr(source, name).copy()
        altered.flat[0] += 1
        assert replace(source, **{name: altered}).sha256 != source.sha256


def test_an_unknown_source_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'cifar'\. Known: mnist, mnist1d, mnist1d-large"):
        load_source("cifar")


def own_arrays(**changes):
    arrays = {
        "x_train": np.zeros((60, 5, 7), np.uint8),
        "y_train": np.tile([0, 1, 2], 20),
        "x_test": np.ones((30, 5, 7), np.uint8),
        "y_test": np.tile([2, 1, 0], 10),
    }
    return {name: array for name, array in {**arrays, **changes}.items() if array is not None}


class TestReadSource:
    def test_images_of_any_size_and_number_of_classes(self, tmp_path):
        np.savez(tmp_path / "My Letters.npz", **own_arrays())
        source = read_source(tmp_path / "My Letters.npz", licence="MIT")
        assert (source.name, source.classes, source.licence) == ("my-letters", 3, "MIT")
        assert source.inputs_train.shape == (60, 5, 7)
        assert source.label_test[:3].tolist() == [2, 1, 0]
        assert source.make_fit_set(0)[0] is source.inputs_train

    def test_numbers_from_0_to_1_are_pixels(self, tmp_path):
        np.savez(tmp_path / "a.npz", **own_arrays(x_train=np.full((60, 5, 7), 0.5), x_test=np.ones((30, 5, 7))))
        assert read_source(tmp_path / "a.npz").inputs_train.dtype == np.float32

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"y_test": None}, "y_test is missing"),
            ({"x_train": np.zeros((60, 35), np.uint8)}, "x_train must have shape"),
            ({"x_train": np.full((60, 5, 7), 255.0)}, "Divide by 255"),
            ({"x_train": np.full((60, 5, 7), np.nan)}, "finite"),
            ({"x_test": np.zeros((30, 7, 5), np.uint8)}, "x_train has images"),
            ({"y_train": np.zeros(5, int)}, "one label for each of 60"),
            ({"y_train": np.zeros(60)}, "y_train must be integers"),
            ({"y_train": np.tile([0, 1, 3], 20)}, "every class"),
            ({"y_train": np.zeros(60, int)}, "every class"),
            ({"y_train": np.repeat([0, 1, 2], [50, 9, 1])}, "at least 10 training images"),
            ({"y_test": np.tile([2, 1, 3], 10)}, "y_test holds class 3"),
        ],
    )
    def test_what_is_no_source_is_refused_by_file_and_reason(self, tmp_path, changes, reason):
        np.savez(tmp_path / "bad.npz", **own_arrays(**changes))
        with pytest.raises(InputError, match=rf"bad\.npz.*{reason}"):
            read_source(tmp_path / "bad.npz")

    def test_the_names_of_our_own_sources_are_taken(self, tmp_path):
        np.savez(tmp_path / "mnist.npz", **own_arrays())
        with pytest.raises(InputError, match="Rename the file"):
            read_source(tmp_path / "mnist.npz")

    def test_a_file_that_is_no_archive_is_refused(self, tmp_path):
        (tmp_path / "bad.npz").write_text("no")
        with pytest.raises(InputError, match=r"bad\.npz: not an \.npz file"):
            read_source(tmp_path / "bad.npz")
