"""Other decoders, beside that of a tiny VAE which was never trained."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from ld_data.errors import UnknownNameError
from vae.config import VaeConfig
from vae.decoders.alternatives import (
    ALTERNATIVES,
    choose_alternatives,
    make_alternative,
    make_lessons,
    train_alternative,
)
from vae.model.vae import Vae
from vae.training.onnx_export import freeze

pytestmark = pytest.mark.slow

SIGNAL = VaeConfig((11,), 4, encoder_filters=(), decoder_units=(8,), posterior_std=0.1, likelihood="gaussian")
IMAGE = VaeConfig((8, 12), 4, encoder_filters=(3,), decoder_units=(8,), posterior_std=0.1, likelihood="pixel")


@pytest.fixture(scope="module")
def vae():
    return freeze(Vae(SIGNAL))


@pytest.fixture(scope="module")
def signals():
    return np.random.default_rng(0).normal(size=(60, 11)).astype(np.float32)


def test_convolutions_are_for_images_whose_sides_are_multiples_of_4():
    for shape in ((28, 28), (28, 28, 3)):
        assert choose_alternatives(shape) == list(ALTERNATIVES)
    for shape in ((40,), (28, 30), (28, 30, 3)):
        assert set(ALTERNATIVES) - set(choose_alternatives(shape)) == {"subpixel", "transposed"}


def test_chosen_ones_keep_their_order_and_unknown_ones_are_refused_with_the_known():
    assert choose_alternatives((28, 28), ["transposed", "dense-512-512"]) == ["transposed", "dense-512-512"]
    with pytest.raises(UnknownNameError, match=r"no decoder 'subpixel' for inputs \(40,\). Known: dense-512-512"):
        choose_alternatives((40,), ["dense-512-512", "subpixel"])


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_they_decode_to_pixels_by_their_seed_whatever_the_global_state(name):
    latents = np.random.default_rng(1).normal(0, 9, (5, 4)).astype(np.float32)
    decoded = ops.convert_to_numpy(make_alternative(name, IMAGE)(latents))
    assert decoded.shape == (5, 8, 12)
    assert 0 <= decoded.min() < decoded.max() <= 1
    keras.utils.set_random_seed(5)
    assert np.array_equal(ops.convert_to_numpy(make_alternative(name, IMAGE)(latents)), decoded)
    assert not np.allclose(ops.convert_to_numpy(make_alternative(name, replace(IMAGE, seed=1))(latents)), decoded)
    assert make_alternative(name, replace(IMAGE, input_shape=(8, 12, 3)))(latents).shape == (5, 8, 12, 3)


@pytest.mark.parametrize("name", choose_alternatives((11,)))
def test_signals_are_not_held_to_the_range_of_pixels(name):
    decoded = ops.convert_to_numpy(make_alternative(name, SIGNAL)(np.full((2, 4), 9, np.float32)))
    assert decoded.shape == (2, 11)
    assert decoded.min() < 0


def test_half_of_a_lesson_are_inputs_and_half_what_the_published_decoder_makes_of_normal_vectors(vae, signals):
    latents, targets = next(make_lessons(vae, signals, seed=3))
    assert latents.shape == (120, 4)
    assert sorted(map(tuple, targets[:60])) == sorted(map(tuple, signals))
    assert np.array_equal(targets[60:], vae.decoder.run(latents[60:])[0])
    noise = latents[:60] - vae.encoder.run(targets[:60], np.zeros((60, 4), np.float32))[0]
    assert noise.std() == pytest.approx(SIGNAL.posterior_std, rel=0.15)
    assert latents[60:].std() == pytest.approx(1, rel=0.15)
    assert np.array_equal(next(make_lessons(vae, signals, seed=3))[0], latents)


def test_images_of_a_lesson_are_augmented_as_those_of_the_release_were():
    vae, images = freeze(Vae(IMAGE)), np.random.default_rng(0).uniform(size=(8, 8, 12)).astype(np.float32)
    changed = replace(vae, config=replace(IMAGE, augmentation=1.0))
    sums = [sorted(next(make_lessons(each, images, 0))[1][:8].sum(axis=(1, 2))) for each in (vae, changed)]
    assert sums[0] == pytest.approx(sorted(images.sum(axis=(1, 2))))
    assert sums[1] != pytest.approx(sums[0], rel=1e-3)


@pytest.mark.untraced
def test_training_brings_one_nearer_to_the_published_decoder_the_same_way_each_time(vae, signals):
    normals = np.random.default_rng(1).normal(size=(500, 4)).astype(np.float32)

    def train(steps):
        network = train_alternative("dense-512-512", vae, np.zeros_like(signals), steps)
        assert network.inputs == {"latents": (4,)}
        return network.run(normals)[0]

    few, many = train(2), train(60)
    expected = vae.decoder.run(normals)[0]
    assert np.square(many - expected).mean() < 0.5 * np.square(few - expected).mean()
    assert np.array_equal(train(2), few)
