"""An endless stream of digits like the "Variations on the MNIST digits": rotated, on backgrounds, or both.

These are not the published sets (see `ld_data.variations.published`): they follow the published description (H.
Larochelle et al., "An empirical evaluation of deep architectures on problems with many factors of variation", ICML
2007) with other draws, and with backgrounds from the user's pictures or artificial ones. Where the description leaves a
choice, the generator has an argument.

A 6 turned by half looks like a 9, and a 9 like a 6; their labels stay. No classifier can tell all of them apart by the
picture alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ld_data.checks import check_integer, check_labels, check_number, check_numbers, check_pixels
from ld_data.errors import InputError
from ld_data.noise import MAX_SEED, make_uniforms
from ld_data.typing import Bytes, Floats
from ld_data.user_arrays import read_array
from ld_data.variations.backgrounds import CorrelatedNoise, Patches, UniformNoise, make_textures
from ld_data.variations.rotation import rotate_images

BackgroundKind = Literal["none", "uniform", "correlated", "patches"]
Blend = Literal["maximum", "cover", "replace"]
Order = Literal["rotate-first", "background-first"]
ANGLE_STREAM = 1 << 43
CHUNK_ROWS = 128  # drawn together: their arrays stay in a processor's cache
PART_ROWS = 4096
MAX_ROW = 2**53
MAX_CLASSES = 256


@dataclass(frozen=True)
class VariationConfig:
    """The arguments of the generator.

    Attributes:
        rotate: whether digits are turned, by angles uniform on [0, 2 pi].
        background: "none", "uniform" noise, "correlated" noise, or "patches" of pictures.
        blend: how digit and background are joined: "maximum", the brighter of the two pixels; "cover", the digit hides
            the background in proportion to its brightness; "replace", the background where the digit's pixel is at most
            `ink_threshold`, and the digit elsewhere.
        order: "rotate-first": an upright background behind a turned digit; "background-first": digit and background are
            turned together, and the corners are black.
        gamma: of correlated noise, in [0, 1]: from independent to smooth pixels.
        kernel_width: of correlated noise, in pixels.
        least_variance: of a patch's pixels; patches with less variance are left out.
        ink_threshold: of the blend "replace", in [0, 1].
        seed: 0 to 2**63 - 1.
    """

    rotate: bool = True
    background: BackgroundKind = "none"
    blend: Blend = "maximum"
    order: Order = "rotate-first"
    gamma: float = 1.0
    kernel_width: float = 6.0
    least_variance: float = 0.01
    ink_threshold: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise `InputError` for an argument out of range."""
        for name, known in (("background", BackgroundKind), ("blend", Blend), ("order", Order)):
            if getattr(self, name) not in get_args(known):
                raise InputError(f"{name} must be {', '.join(get_args(known))}; received {getattr(self, name)!r}.")
        if not isinstance(self.rotate, bool):
            raise InputError(f"rotate must be true or false; received {self.rotate!r}.")
        for name, most in (("gamma", 1), ("kernel_width", 1e6), ("least_variance", 1), ("ink_threshold", 1)):
            check_number(name, getattr(self, name), most)
        if not self.kernel_width:
            raise InputError("kernel_width must be greater than 0; received 0. For independent pixels, set gamma to 0.")
        check_integer("seed", self.seed, 0, MAX_SEED)


PRESETS = {  # one for each kind of published set, and correlated noise
    "mnist-rot-like": VariationConfig(),
    "mnist-back-rand-like": VariationConfig(rotate=False, background="uniform"),
    "mnist-back-image-like": VariationConfig(rotate=False, background="patches"),
    "mnist-rot-back-image-like": VariationConfig(background="patches"),
    "mnist-back-noise-like": VariationConfig(rotate=False, background="correlated"),
}


@dataclass(frozen=True)
class VariationRows:
    """Generated images with their angles and backgrounds.

    Attributes:
        x: images `(n, h, w)` float32, pixels in [0, 1].
        y: their classes `(n,)` uint8, of the digits before the rotation.
        angle: of each rotation, counter-clockwise in radians, `(n,)` float32; 0 without rotation.
        background: of each `(n, h, w)` float32, before any rotation; 0 without background.
    """

    x: Floats
    y: Bytes
    angle: Floats
    background: Floats


class VariationStream:
    """Varied digits by row number, from 0 on without an end. Row i shows digit i modulo the number of digits.

    Its angle and background depend on the seed and on i alone, in any order, chunk or process. A row number that is
    negative or not an integer raises `InputError`.
    """

    def __init__(self, config: VariationConfig, images: object, labels: object, pictures: object | None = None) -> None:
        """Take digits `(k, h, w)`, uint8 or numbers in [0, 1], their classes `(k,)`, and pictures for patches.

        The pictures are grey, `(n, h, w)` or a list of `(h, w)`; `make_textures()` by default.

        Raises:
            InputError: an array has another shape or type, pictures come without the background "patches", or no patch
                has `least_variance`.
        """
        self.config = config
        self._images, self._labels = _check_digits(images, labels)
        if pictures is not None and config.background != "patches":
            raise InputError(f"pictures are for the background patches; received them for {config.background}.")
        self._background = self._find_background(pictures)

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of an image."""
        return self._images.shape[1], self._images.shape[2]

    def make_rows(self, first_row: int, rows: int) -> VariationRows:
        """Return the images from row `first_row` on."""
        first = check_integer("first_row", first_row, 0, MAX_ROW)
        end = first + check_integer("rows", rows, 0, MAX_ROW - first)
        shape = (end - first, *self.image_shape)
        made = VariationRows(
            np.empty(shape, np.float32),
            self._labels[np.arange(first, end) % len(self._labels)],
            np.zeros(end - first, np.float32),
            np.zeros(shape, np.float32),
        )
        for start in range(0, end - first, CHUNK_ROWS):
            self._fill(made, first + start, slice(start, min(start + CHUNK_ROWS, end - first)))
        return made

    def make_parts(self, first_row: int, rows: int) -> VariationRows:
        """Return the same rows with the digit of each alone as x, turned by its angle, on black."""
        bare = VariationStream(replace(self.config, background="none"), self._images, self._labels)
        return replace(self.make_rows(first_row, rows), x=bare.make_rows(first_row, rows).x)

    def iterate(self, rows: int, first_row: int = 0) -> Iterator[VariationRows]:
        """Yield the images of `make_rows` in parts, so that memory does not grow with `rows`."""
        first = check_integer("first_row", first_row, 0, MAX_ROW)
        for start in range(0, rows, PART_ROWS):
            yield self.make_rows(first + start, min(PART_ROWS, rows - start))

    def _fill(self, made: VariationRows, first_row: int, part: slice) -> None:
        rows = part.stop - part.start
        images = self._images[np.arange(first_row, first_row + rows) % len(self._images)]
        angles = np.zeros(rows)
        if self.config.rotate:
            angles = 2 * np.pi * make_uniforms(self.config.seed, ANGLE_STREAM, first_row, rows, 1)[:, 0]
            made.angle[part] = angles
        if self.config.rotate and self.config.order == "rotate-first":
            images = rotate_images(images, angles)
        if self._background is not None:
            background = self._background.make_rows(self.config.seed, first_row, rows)
            made.background[part] = background
            images = blend_images(images, background, self.config)
        if self.config.rotate and self.config.order == "background-first":
            images = rotate_images(images, angles)
        made.x[part] = images

    def _find_background(self, pictures: object | None) -> UniformNoise | CorrelatedNoise | Patches | None:
        config, shape = self.config, self.image_shape
        if config.background == "uniform":
            return UniformNoise(shape)
        if config.background == "correlated":
            return CorrelatedNoise(shape, config.gamma, config.kernel_width)
        if config.background == "patches":
            return Patches(make_textures() if pictures is None else pictures, shape, config.least_variance)
        return None


def blend_images(digits: Floats, backgrounds: Floats, config: VariationConfig) -> Floats:
    """Return digits on backgrounds, all `(n, h, w)` float32 in [0, 1], joined by `config.blend`."""
    if config.blend == "maximum":
        return np.maximum(digits, backgrounds)
    if config.blend == "cover":
        return digits + (1 - digits) * backgrounds
    return np.where(digits > config.ink_threshold, digits, backgrounds)


def to_bytes(images: Floats) -> Bytes:
    """Return images with pixels in [0, 1] as uint8, rounded to the nearest of 256 greys."""
    return np.rint(images * np.float32(255)).astype(np.uint8)


def _check_digits(images: object, labels: object) -> tuple[Floats, Bytes]:
    """Return images `(k, h, w)` float32 in [0, 1] and labels `(k,)` uint8; raise `InputError` for others."""
    digits, shape = check_numbers(images, "images", take_booleans=True), read_array(labels, "labels").shape
    if digits.ndim != 3 or not digits.size or shape != digits.shape[:1]:
        raise InputError(
            f"images must have shape (k, h, w) and labels (k,), none of them 0; received {digits.shape} and {shape}."
        )
    return check_pixels(digits, "images"), check_labels(labels, MAX_CLASSES).astype(np.uint8)
