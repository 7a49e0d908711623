"""Artificial pictures for backgrounds, in place of photographs: dead leaves under cloudy light.

Flat shapes of all sizes that cover one another, with radii r of density r**-3, have the edges, the plain parts and the
scale invariance of natural images (A. B. Lee, D. Mumford and J. Huang, "Occlusion models for natural images", IJCV 41,
2001). Noise with a spectrum of 1/f adds grain and shade. Pictures differ in the size of their smallest leaves and in
the strength of the shade, as photographs do.
"""

from functools import lru_cache

import numpy as np

from ld_data.noise import make_normals, make_uniforms
from ld_data.typing import Bytes, Doubles

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
        rows, columns = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
        down, right = rows - y[leaf], columns - x[leaf]
        along, beside = cos[leaf] * right + sin[leaf] * down, cos[leaf] * down - sin[leaf] * right
        part[(along / radius[leaf]) ** 2 + (beside / width[leaf]) ** 2 <= 1] = grey[leaf]
    return picture


def _make_light(noise: Doubles) -> Doubles:
    """Return white noise with its spectrum divided by the frequency, of std 1."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :])
    frequency[0, 0] = np.inf  # no mean
    light = np.fft.irfft2(np.fft.rfft2(noise) / frequency, s=noise.shape)
    return light / light.std()
