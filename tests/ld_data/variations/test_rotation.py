import numpy as np
import pytest
from scipy import ndimage

from ld_data.variations.rotation import rotate_images


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(size=(20, 9, 9)).astype(np.float32)


@pytest.mark.parametrize("quarters", range(5))
def test_quarter_turns_move_pixels_counter_clockwise(images, quarters):
    turned = rotate_images(images, np.full(20, quarters * np.pi / 2))
    assert turned == pytest.approx(np.rot90(images, quarters, axes=(1, 2)), abs=1e-6)


@pytest.mark.parametrize("shape", [(9, 9), (28, 28), (6, 11)])
def test_every_pixel_is_the_bilinear_one(shape):
    random = np.random.default_rng(1)
    images, angles = random.uniform(size=(30, *shape)).astype(np.float32), random.uniform(0, 2 * np.pi, 30)
    middle = (np.array(shape) - 1) / 2
    for image, angle, turned in zip(images, angles, rotate_images(images, angles), strict=True):
        matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        expected = ndimage.affine_transform(image, matrix, middle - matrix @ middle, order=1, mode="grid-constant")
        assert turned == pytest.approx(expected, abs=1e-6)


def test_a_row_does_not_depend_on_the_others(images):
    angles = np.linspace(0, 6, 20)
    whole = rotate_images(images, angles)
    for row in range(20):
        assert np.array_equal(rotate_images(images[row : row + 1], angles[row : row + 1])[0], whole[row])


def test_ink_stays_within_its_range_and_within_the_circle():
    turned = rotate_images(np.ones((50, 28, 28), np.float32), np.linspace(0, 6, 50))
    assert turned.min() == 0
    assert turned.max() <= 1
    assert turned[:, 4:24, 4:24] == pytest.approx(1)
