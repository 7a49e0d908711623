"""Backgrounds for digits: uniform noise, correlated noise, and patches of pictures; each row has its own draws.

Artificial pictures take the place of photographs: dead leaves under cloudy light. Flat shapes of all sizes that cover
one another, with radii r of density r**-3, have the edges, the plain parts and the scale invariance of natural images
(A. B. Lee, D. Mumford and J. Huang, "Occlusion models for natural images", IJCV 41, 2001). Noise with a spectrum of 1/f
adds grain and shade. Pictures differ in the size of their smallest leaves and in the strength of the shade.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ld_data.checks import check_numbers, check_pixels
from ld_data.errors import InputError
from ld_data.noise import make_normals, make_uniforms
from ld_data.typing import Array, Bytes, Doubles, Floats

NOISE_STREAM, SMOOTH_STREAM, PATCH_STREAM = (1 << 43) + 1, (1 << 43) + 2, (1 << 43) + 3
MAX_PICTURE_PIXELS = 1 << 26  # of all pictures together: memory holds one number for each


class UniformNoise:
    """Every pixel is uniform on [0, 1], independent of all others: as in `mnist-back-rand`."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape

    def make_rows(self, seed: int, first_row: int, rows: int) -> Floats:
        """Return backgrounds `(rows, h, w)` float32; each depends on the seed and its number alone."""
        values = make_uniforms(seed, NOISE_STREAM, first_row, rows, self._shape[0] * self._shape[1])
        return values.reshape(rows, *self._shape).astype(np.float32)


class CorrelatedNoise:
    """Every pixel is uniform on [0, 1], and neighbours are alike: a Gaussian through the normal distribution function.

    The Gaussian has covariance gamma K + (1 - gamma) I, where K is exp(-d**2 / width**2) for pixels at a distance d.
    The authors took gamma from 0 to 1 in steps of 0.2 to go from `mnist-back-rand` towards `mnist-back-image`, and a
    Gaussian kernel of bandwidth 6. If that is to mean exp(-d**2 / (2 * 6**2)), pass a width of 6 * sqrt(2).
    """

    def __init__(self, shape: tuple[int, int], gamma: float, width: float) -> None:
        self._shape, self._gamma = shape, gamma
        self._roots = [_find_root(size, width) for size in shape]  # K is a product of one of rows and one of columns

    def make_rows(self, seed: int, first_row: int, rows: int) -> Floats:
        """Return backgrounds `(rows, h, w)` float32; each depends on the seed and its number alone."""
        from scipy.special import ndtr  # import late: 0.1 s that only correlated noise should pay

        alone, smooth = (
            make_normals(seed, stream, first_row, rows, self._shape[0] * self._shape[1]).reshape(rows, *self._shape)
            for stream in (NOISE_STREAM, SMOOTH_STREAM)
        )
        down, across = self._roots
        smooth = down @ smooth @ across
        return ndtr(np.sqrt(self._gamma) * smooth + np.sqrt(1 - self._gamma) * alone).astype(np.float32)


class Patches:
    """Patches of pictures, all equally likely but those with too little variance: as in `mnist-back-image`.

    Attributes:
        count: number of patches.
    """

    def __init__(self, pictures: object, shape: tuple[int, int], least_variance: float) -> None:
        """Take the pictures of `check_pictures`; raise `InputError` if none has a patch with that variance."""
        self._shape, self._pictures = shape, check_pictures(pictures, shape)
        places = [np.flatnonzero(measure_variance(picture, shape) >= least_variance) for picture in self._pictures]
        self._ends = np.cumsum([len(own) for own in places])
        self._places = np.concatenate(places)
        self.count = len(self._places)
        if not self.count:
            greatest = max(measure_variance(picture, shape).max() for picture in self._pictures)
            raise InputError(
                f"no patch of the pictures has a variance of {least_variance:g} or more; the greatest is {greatest:g}. "
                "Lower least_variance, or take pictures with more texture."
            )

    def make_rows(self, seed: int, first_row: int, rows: int) -> Floats:
        """Return backgrounds `(rows, h, w)` float32; each depends on the seed and its number alone."""
        height, width = self._shape
        chosen = (make_uniforms(seed, PATCH_STREAM, first_row, rows, 1)[:, 0] * self.count).astype(np.intp)
        numbers = np.searchsorted(self._ends, chosen, side="right")
        patches = np.empty((rows, height, width), np.float32)
        for patch, number, place in zip(patches, numbers, self._places[chosen], strict=True):
            picture = self._pictures[number]
            top, left = divmod(int(place), picture.shape[1] - width + 1)
            patch[...] = picture[top : top + height, left : left + width]
        return patches


def check_pictures(pictures: object, shape: tuple[int, int]) -> list[Floats]:
    """Return grey pictures, an array or a list of sizes from `shape` on, uint8 or in [0, 1], as float32 in [0, 1]."""
    if not isinstance(pictures, np.ndarray | Sequence) or isinstance(pictures, str | bytes) or not len(pictures):
        raise InputError("pictures must be an array (n, h, w), or a list of arrays (h, w), and at least one.")
    checked = []
    for number, values in enumerate(pictures):
        picture = check_numbers(values, f"picture {number}", take_booleans=True)
        if picture.ndim != 2 or picture.shape[0] < shape[0] or picture.shape[1] < shape[1]:
            raise InputError(
                f"picture {number} must be grey, (h, w), and {shape[0]} by {shape[1]} pixels or larger; "
                f"received {picture.shape}. For a picture in colours take the mean over the last axis."
            )
        checked.append(check_pixels(picture, f"picture {number}"))
    if (total := sum(picture.size for picture in checked)) > MAX_PICTURE_PIXELS:
        raise InputError(f"the pictures must have {MAX_PICTURE_PIXELS} pixels or fewer together; received {total}.")
    return checked


def measure_variance(picture: Array, shape: tuple[int, int]) -> Doubles:
    """Return the variance of the pixels of the patch at each place, `(h - height + 1, w - width + 1)`."""
    height, width = shape
    values = picture.astype(np.float64)
    means = []
    for power in (values, values**2):
        sums = np.pad(power.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))  # over all pixels above and to the left
        patch = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
        means.append(patch / (height * width))
    return np.maximum(means[1] - means[0] ** 2, 0)


def _find_root(size: int, width: float) -> Doubles:
    """Return the symmetric root `(size, size)` of the Gaussian kernel on a line of pixels."""
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    values, vectors = np.linalg.eigh(np.exp(-((distance / width) ** 2)))
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


TEXTURE_STREAM, LIGHT_STREAM = 1 << 44, (1 << 44) + 1
COUNT, SIDE = 20, 256  # the original backgrounds were cut from 20 pictures
LEAVES = 3000  # enough to cover a picture several times
LEAST_RADII = (2.0, 12.0)  # of a picture's smallest leaf, uniform between
GREATEST_RADIUS = 80.0
NARROWEST = 0.3  # leaf's width over its length
LIGHTS = (0.2, 1.0)  # std of the shade, uniform between, relative to that of the leaves' greys
STD = 0.24  # of a picture's pixels, around 0.5, before they are clipped to 0 and 1


@lru_cache(maxsize=2)
def make_textures(seed: int = 0, count: int = COUNT) -> Bytes:
    """Return read-only pictures `(count, 256, 256)` uint8. Picture i depends on the seed and i alone."""
    textures = np.stack([_make_texture(seed, number) for number in range(count)])
    textures.flags.writeable = False
    return textures


def _make_texture(seed: int, number: int) -> Bytes:
    draws = make_uniforms(seed, TEXTURE_STREAM, number, 1, 2 + 6 * LEAVES)[0]
    leaves = _lay_leaves(draws[2:].reshape(6, LEAVES), np.interp(draws[0], (0, 1), LEAST_RADII))
    light = _make_light(make_normals(seed, LIGHT_STREAM, number, 1, SIDE * SIDE).reshape(SIDE, SIDE))
    values = leaves / leaves.std() + np.interp(draws[1], (0, 1), LIGHTS) * light
    values = (values - values.mean()) / values.std()
    return np.rint(255 * np.clip(0.5 + STD * values, 0, 1)).astype(np.uint8)


def _lay_leaves(draws: Doubles, least_radius: float) -> Doubles:
    """Return a picture of grey ellipses, each drawn over those before it; `draws` `(6, n)` are uniform."""
    picture = np.full((SIDE, SIDE), 0.5)
    y, x = draws[:2] * (SIDE + 2 * GREATEST_RADIUS) - GREATEST_RADIUS
    radius = 1 / np.sqrt(draws[2] / least_radius**2 + (1 - draws[2]) / GREATEST_RADIUS**2)  # of density r**-3
    width = radius * (NARROWEST + (1 - NARROWEST) * draws[3])
    cos, sin, grey = np.cos(np.pi * draws[4]), np.sin(np.pi * draws[4]), draws[5]
    for leaf in range(LEAVES):
        top, left = max(0, int(y[leaf] - radius[leaf])), max(0, int(x[leaf] - radius[leaf]))
        part = picture[top : max(0, int(y[leaf] + radius[leaf]) + 2), left : max(0, int(x[leaf] + radius[leaf]) + 2)]
        rows, columns = np.arange(top, top + part.shape[0]), np.arange(left, left + part.shape[1])
        down, right = rows[:, None] - y[leaf], columns - x[leaf]
        along, beside = cos[leaf] * right + sin[leaf] * down, cos[leaf] * down - sin[leaf] * right
        part[(along / radius[leaf]) ** 2 + (beside / width[leaf]) ** 2 <= 1] = grey[leaf]
    return picture


def _make_light(noise: Doubles) -> Doubles:
    """Return white noise with its spectrum divided by the frequency, of std 1."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :])
    frequency[0, 0] = np.inf  # no mean
    light = np.fft.irfft2(np.fft.rfft2(noise) / frequency, s=noise.shape)
    return light / light.std()
