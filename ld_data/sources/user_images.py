"""A user's own images as a source."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ld_data.checks import check_bytes, check_labels, check_numbers, check_pixels, make_slug
from ld_data.errors import InputError, IntegrityError
from ld_data.sources.idx_set import ARRAYS, read_idx_set
from ld_data.sources.source import Source
from ld_data.storage.arrays import read_npz
from ld_data.typing import Array

MAX_CLASSES = 256
LEAST_ROWS = 10
COLOURS = 3


@dataclass(frozen=True)
class UserImages:
    """The place of a user's own images; at most one of the two.

    Attributes:
        source_npz: Your own images: an .npz of x_train, y_train, x_test and y_test.
        source_idx: Your own images: a folder of four files in MNIST's format.
    """

    source_npz: Path | None = None
    source_idx: Path | None = None

    def read(self, name: str | None = None, licence: str = "unknown", reserved: Collection[str] = ()) -> Source:
        """Return the images as a source, as `read_source` or `read_idx_source` does.

        Raises:
            InputError: both places are given or neither, or there is no source.
        """
        if self.source_npz and not self.source_idx:
            return read_source(self.source_npz, name, licence, reserved)
        if self.source_idx and not self.source_npz:
            return read_idx_source(self.source_idx, name, licence, reserved)
        raise InputError("name your own images with --source-npz or with --source-idx, and not with both.")


NO_IMAGES = UserImages()


def read_source(
    path: Path, name: str | None = None, licence: str = "unknown", reserved: Collection[str] = ()
) -> Source:
    """Return a user's own images as a source, named after the file unless a name is given.

    The `.npz` file holds x_train and x_test, `(n, h, w)` or in colour `(n, h, w, 3)`, uint8, booleans or numbers in
    [0, 1], and their classes y_train and y_test, `(n,)` integers from 0 to k - 1; each class occurs in training. The
    channels may stand first, and greys may have a channel axis of size 1.

    Raises:
        InputError: the file holds anything else, or the name is `reserved`.
    """
    try:
        arrays = read_npz(path)
    except IntegrityError as error:
        raise InputError(f"{path}: not an .npz file of arrays ({error}).") from error
    if missing := [key for key in ARRAYS if key not in arrays]:
        raise InputError(f"{path}: expected the arrays {', '.join(ARRAYS)}; {missing[0]} is missing.")
    try:
        return _make_source(arrays, name or path.stem, licence, reserved, path.name)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def read_idx_source(
    path: Path, name: str | None = None, licence: str = "unknown", reserved: Collection[str] = ()
) -> Source:
    """Return a user's own images in MNIST's file format as a source, of `read_idx_set`'s name unless one is given.

    Raises:
        InputError: as `read_idx_set`, or the arrays are no source, or the name is `reserved`.
    """
    own_name, arrays = read_idx_set(path)
    place = path.resolve()
    file = place.name if place.name != "raw" else f"{place.parent.name}/raw"
    try:
        source = _make_source(arrays, name or own_name, licence, reserved, file)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return replace(source, option="--source-idx")


def _make_source(arrays: Mapping[str, Array], name: str, licence: str, reserved: Collection[str], file: str) -> Source:
    train, test = (_check_split(arrays[f"x_{split}"], arrays[f"y_{split}"], split) for split in ("train", "test"))
    classes = int(train[1].max()) + 1
    if train[0].shape[1:] != test[0].shape[1:]:
        raise InputError(f"x_train has images {train[0].shape[1:]}, x_test {test[0].shape[1:]}.")
    if len(np.unique(train[1])) != classes or classes < 2:
        raise InputError("y_train must hold every class from 0 to k - 1, and at least two; number them so.")
    if np.bincount(train[1]).min() < LEAST_ROWS or len(test[1]) < LEAST_ROWS:
        raise InputError(f"at least {LEAST_ROWS} training images of each class, and test images, are needed.")
    if test[1].max() >= classes:
        raise InputError(f"y_test holds class {test[1].max()}, which y_train does not.")
    try:
        slug = make_slug(name)
    except InputError as error:
        raise InputError(f"{error} Rename the file or folder.") from error
    if slug in reserved:
        raise InputError(f"{slug} is the name of a built-in source. Rename the file or folder.")
    return Source(slug, *train, *test, lambda seed: train, licence, file=file)


def _check_split(inputs: Array, labels: Array, split: str) -> tuple[Array, Array]:
    """Return images and labels as a source holds them; raise `InputError` for other shapes, types and values."""
    images = _place_channels(inputs)
    if (images.ndim != 3 and images.shape[3:] != (COLOURS,)) or not images.size:
        remedy = " Leave out transparency with x[..., :3]." if inputs.shape[3:] == (COLOURS + 1,) else ""
        raise InputError(
            f"x_{split} must have shape (n, h, w), or (n, h, w, 3) in colour, none of them 0; received {inputs.shape}."
            f"{remedy}"
        )
    if images.dtype == np.uint8:
        check_bytes(images, f"x_{split}")
    else:
        images = check_pixels(check_numbers(images, f"x_{split}", take_booleans=True), f"x_{split}")
    if labels.shape != images.shape[:1]:
        raise InputError(f"y_{split} must have one label for each of {len(images)} images; received {labels.shape}.")
    return images, check_labels(labels, MAX_CLASSES, f"y_{split}").astype(np.uint8)


def _place_channels(images: Array) -> Array:
    """Return images with the channels of colours last, and greys without a channel axis."""
    if images.ndim == 4 and images.shape[3] not in (1, COLOURS) and images.shape[1] in (1, COLOURS):
        images = np.ascontiguousarray(np.moveaxis(images, 1, -1))
    return images[..., 0] if images.shape[3:] == (1,) else images
