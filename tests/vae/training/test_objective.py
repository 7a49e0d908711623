import keras
import numpy as np
import pytest
from keras import ops
from scipy.ndimage import center_of_mass

from vae.training.objective import SHARE, SHIFT, augment, sliced_epps_pulley

pytestmark = pytest.mark.slow


def measure(z_mean, z_log_var, directions=None):
    directions = np.eye(z_mean.shape[1], dtype=np.float32) if directions is None else directions
    arrays = (np.asarray(values, np.float32) for values in (z_mean, z_log_var, directions))
    return float(ops.convert_to_numpy(sliced_epps_pulley(*arrays)))


def draw(scale, rows=20_000, width=3):
    return np.random.default_rng(0).normal(size=(rows, width)) * scale


def full(values, variance):
    return np.full_like(values, np.log(variance))


def test_an_aggregate_that_is_standard_normal_costs_nothing():
    means = draw(0.8)
    assert measure(means, full(means, 0.36)) < 1e-3


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.2])
def test_an_aggregate_too_narrow_or_too_wide_costs_more(scale):
    means = draw(scale)
    assert measure(means, full(means, 0.36)) > 0.01


def test_a_mixture_with_the_right_moments_costs_more():
    means = np.random.default_rng(0).choice([-0.8, 0.8], (20_000, 3))
    assert measure(means, full(means, 0.36)) > 0.01


def test_the_noise_is_integrated_exactly():
    """As if each posterior had been sampled without end."""
    means, log_var = draw(1.0, rows=5), np.random.default_rng(1).normal(size=(5, 3))
    sampled = np.repeat(means, 100_000, axis=0)
    sampled += np.random.default_rng(2).normal(size=sampled.shape) * np.exp(0.5 * np.repeat(log_var, 100_000, axis=0))
    assert measure(means, log_var) == pytest.approx(measure(sampled, np.full_like(sampled, -40.0)), rel=0.02)


def test_directions_are_averaged():
    means = draw(1.0) * [1.0, 0.1, 1.0]
    each = [measure(means, full(means, 1e-9), np.eye(3)[:, [i]]) for i in range(3)]
    assert measure(means, full(means, 1e-9)) == pytest.approx(np.mean(each), rel=1e-3)
    assert each[1] > 100 * max(each[0], each[2])


@pytest.fixture
def images():
    """A blob off the centre, the same in all images."""
    rows, columns = np.mgrid[:21, :25]
    blob = np.exp(-(np.square(rows - 8) / 8 + np.square(columns - 14) / 18))
    return np.repeat(blob[None], 400, axis=0).astype(np.float32)


def change(images, strength, seed=0):
    return ops.convert_to_numpy(augment(ops.convert_to_tensor(images), strength, keras.random.SeedGenerator(seed)))


def test_augmentation_of_strength_0_changes_nothing(images):
    assert np.allclose(change(images, 0.0), images, rtol=0, atol=1e-5)


def test_most_images_change_and_the_others_stay_as_they_are(images):
    same = (change(images, 1.0) == images).all(axis=(1, 2)).mean()
    assert same == pytest.approx(1 - SHARE, abs=0.06)


def test_blobs_move_by_about_the_shift_and_keep_their_mass(images):
    changed = change(images, 1.0)
    places = np.array([center_of_mass(image) for image in changed])
    assert places.mean(axis=0) == pytest.approx(center_of_mass(images[0]), abs=0.15)
    assert np.all(places.std(axis=0) > 0.7 * SHIFT)
    assert np.all(places.std(axis=0) < 2.0 * SHIFT)
    assert changed.sum(axis=(1, 2)).mean() == pytest.approx(images[0].sum(), rel=0.02)


def test_colours_move_as_greys_do(images):
    colours = images[:40, ..., None] * np.array([1, 0.5, 0], np.float32)
    expected = change(images[:40], 1.0)[..., None] * np.array([1, 0.5, 0])
    assert np.allclose(change(colours, 1.0), expected, rtol=0, atol=0.01)
    assert np.allclose(change(np.ones_like(colours), 1.0), 1, rtol=0, atol=1e-5)  # without black edges


def test_the_same_seed_augments_alike(images):
    assert np.array_equal(change(images, 1.0, seed=3), change(images, 1.0, seed=3))
    assert not np.array_equal(change(images, 1.0, seed=3), change(images, 1.0, seed=4))
