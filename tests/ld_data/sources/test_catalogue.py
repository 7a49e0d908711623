import numpy as np
import pytest

from ld_data.errors import InputError, UnknownNameError
from ld_data.sources import catalogue
from ld_data.sources.catalogue import choose_source, load_source
from ld_data.sources.user_images import NO_IMAGES, UserImages
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.published import Variations
from ld_data.variations.stream import PRESETS, VariationStream, to_bytes
from tests.ld_data.sources.test_user_images import own_arrays


def test_mnist1d_is_the_published_set():
    source = load_source("mnist1d")
    assert source.inputs_train.shape == (4000, 40)
    assert source.inputs_test.shape == (1000, 40)
    assert source.inputs_train.dtype == np.float32
    assert source.classes == 10


def test_the_large_mnist1d_has_as_many_rows_as_mnist():
    config = catalogue.MNIST1D_60K
    assert (round(config.num_samples * config.train_split), config.num_samples) == (60_000, 70_000)


@pytest.mark.slow
def test_mnist1d_models_are_fitted_on_other_signals(monkeypatch):
    monkeypatch.setattr(catalogue, "MNIST1D_FIT_ROWS", 1000)
    source = load_source("mnist1d")
    fit, labels = source.make_fit_set(0)
    assert fit.shape == (1000, 40)
    assert labels.shape == (1000,)
    assert not np.array_equal(fit, source.make_fit_set(1)[0])
    assert not (fit[:, None, :5] == source.inputs_test[None, :, :5]).all(axis=2).any()


@pytest.mark.slow
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
    monkeypatch.setattr(catalogue, "load_mnist", lambda: arrays)
    monkeypatch.setattr(catalogue, "VARIATIONS_FIT_ROWS", 50)
    return arrays


@pytest.mark.slow
def test_variations_are_each_digit_once_in_order(few_digits):
    for name, preset in PRESETS.items():
        source = load_source(name)
        assert (source.name, source.inputs_train.shape, source.inputs_test.shape) == (name, (20, 28, 28), (10, 28, 28))
        assert source.inputs_train.dtype == source.inputs_test.dtype == np.uint8
        assert np.array_equal(source.label_train, few_digits["y_train"])
        train = VariationStream(preset, few_digits["x_train"], few_digits["y_train"])
        test = VariationStream(preset, few_digits["x_test"], few_digits["y_test"])
        assert np.array_equal(source.inputs_train, to_bytes(train.make_rows(0, 20).x)), name
        assert np.array_equal(source.inputs_test, to_bytes(test.make_rows(20, 10).x)), name  # with angles of its own


@pytest.mark.slow
def test_variations_are_the_same_each_time(few_digits):
    assert load_source("mnist-rot-back-image-like").sha256 == load_source("mnist-rot-back-image-like").sha256


@pytest.mark.slow
def test_variations_give_the_parts_of_each_image(few_digits):
    source = load_source("mnist-rot-back-image-like")
    for images, parts in zip((source.inputs_train, source.inputs_test), source.make_parts(), strict=True):
        assert np.array_equal(to_bytes(np.maximum(parts.x, parts.background)), images)
        assert len(np.unique(parts.angle)) == len(images)
    assert not load_source("mnist-rot-like").make_parts()[1].background.any()
    assert load_source("mnist1d").make_parts is None


def test_models_of_variations_are_fitted_on_other_variations_of_the_training_digits(few_digits):
    source = load_source("mnist-rot-like")
    fit, labels = source.make_fit_set(0)
    assert (fit.shape, fit.dtype) == ((50, 28, 28), np.uint8)
    assert np.array_equal(labels, few_digits["y_train"][np.arange(50) % 20])
    assert not (fit[:20] == source.inputs_train).all(axis=(1, 2)).any()
    assert not np.array_equal(source.make_fit_set(1)[0], fit)


def test_published_variations_are_a_source_unchanged(monkeypatch):
    random = np.random.default_rng(0)
    data = Variations(random.uniform(size=(12, 28, 28)), np.arange(12), random.uniform(size=(5, 28, 28)), np.arange(5))
    asked = []
    monkeypatch.setattr(catalogue, "load_variations", lambda name: asked.append(name) or data)
    for name in PUBLICATIONS:
        source = load_source(name)
        assert (source.name, source.licence, source.judge) == (name, "unknown", name)
        assert source.inputs_train is data.x_train
        assert source.make_fit_set(0)[1] is data.y_train
    assert asked == list(PUBLICATIONS)


def test_an_unknown_source_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'cifar'\. Known: mnist, mnist1d, mnist1d-60k"):
        load_source("cifar")


def test_a_source_is_a_name_or_a_file_and_not_both(tmp_path):
    np.savez(tmp_path / "own.npz", **own_arrays())
    assert choose_source("mnist1d").name == "mnist1d"
    images = UserImages(source_npz=tmp_path / "own.npz")
    own = choose_source(None, images, "MIT")
    assert (own.name, own.file, own.licence) == ("own", "own.npz", "MIT")
    for name, own_images in ((None, NO_IMAGES), ("mnist1d", images)):
        with pytest.raises(InputError, match=r"name a source \(mnist, .*\), or images of your own"):
            choose_source(name, own_images)


def test_a_file_may_not_be_named_after_a_built_in_source(tmp_path):
    np.savez(tmp_path / "mnist.npz", **own_arrays())
    with pytest.raises(InputError, match=r"mnist is the name of a built-in source\. Rename the file"):
        choose_source(None, UserImages(tmp_path / "mnist.npz"))
