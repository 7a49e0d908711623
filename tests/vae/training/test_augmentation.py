import keras
import numpy as np
import pytest
from keras import ops
from scipy.ndimage import center_of_mass

from vae.training.augmentation import SHARE, SHIFT, augment

pytestmark = pytest.mark.slow


@pytest.fixture
def images():
    """A blob off the centre, the same in all images."""
    rows, columns = np.mgrid[:21, :25]
    blob = np.exp(-(np.square(rows - 8) / 8 + np.square(columns - 14) / 18))
    return np.repeat(blob[None], 400, axis=0).astype(np.float32)


def run(images, strength, seed=0):
    return ops.convert_to_numpy(augment(ops.convert_to_tensor(images), strength, keras.random.SeedGenerator(seed)))


def test_strength_0_changes_nothing(images):
    assert run(images, 0.0) == pytest.approx(images, abs=1e-5)


def test_most_images_change_and_the_others_stay_as_they_are(images):
    same = (run(images, 1.0) == images).all(axis=(1, 2)).mean()
    assert same == pytest.approx(1 - SHARE, abs=0.06)


def test_blobs_move_by_about_the_shift_and_keep_their_mass(images):
    changed = run(images, 1.0)
    places = np.array([center_of_mass(image) for image in changed])
    assert places.mean(axis=0) == pytest.approx(center_of_mass(images[0]), abs=0.15)
    assert np.all(places.std(axis=0) > 0.7 * SHIFT)
    assert np.all(places.std(axis=0) < 2.0 * SHIFT)
    assert changed.sum(axis=(1, 2)).mean() == pytest.approx(images[0].sum(), rel=0.02)


def test_the_same_seed_changes_the_same(images):
    assert np.array_equal(run(images, 1.0, seed=3), run(images, 1.0, seed=3))
    assert not np.array_equal(run(images, 1.0, seed=3), run(images, 1.0, seed=4))
