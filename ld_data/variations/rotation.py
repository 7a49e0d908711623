"""Rotation of many small images, each by its own angle, with bilinear interpolation.

Written by hand: scipy rotates one image per call.
"""

import numpy as np
from numpy.typing import NDArray

from ld_data.typing import Doubles, Floats


def rotate_images(images: Floats, angles: Doubles) -> Floats:
    """Return images `(n, h, w)` float32 turned counter-clockwise about their middle by `angles` `(n,)` in radians.

    Each pixel is interpolated between the four around its place in the image; pixels outside are 0. Row i depends on
    image i and angle i alone.
    """
    rows, height, width = images.shape
    padded = np.zeros((rows, height + 2, width + 2), np.float32)  # every place has four neighbours
    padded[:, 1:-1, 1:-1] = images
    y, x = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
    cos, sin = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    top, below = _split(cos * y + sin * x + (height + 1) / 2, height)
    left, beside = _split(cos * x - sin * y + (width + 1) / 2, width)
    stride = width + 2
    corner = top * stride + left + np.arange(rows)[:, None, None] * (stride * (height + 2))
    pixels = padded.ravel()
    upper = pixels.take(corner)
    upper += beside * (pixels.take(corner + 1) - upper)
    lower = pixels.take(corner + stride)
    lower += beside * (pixels.take(corner + stride + 1) - lower)
    return upper + below * (lower - upper)


def _split(places: Doubles, size: int) -> tuple[NDArray[np.intp], Floats]:
    """Return the pixel before each place, of `size` in a frame of zeros, and the distance from there, 0 to 1.

    Places outside the frame are moved onto it.
    """
    np.clip(places, 0, size + 1, out=places)
    whole = np.minimum(places.astype(np.intp), size)
    return whole, (places - whole).astype(np.float32)
