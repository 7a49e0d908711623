"""A user's own images as a source."""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from ld_data.checks import check_bytes, check_labels, check_numbers, check_pixels, make_slug
from ld_data.errors import InputError, IntegrityError
from ld_data.sources.source import Source
from ld_data.storage.arrays import read_npz
from ld_data.typing import Array

NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")
MAX_CLASSES = 256
LEAST_ROWS = 10


def read_source(
    path: Path, name: str | None = None, licence: str = "unknown", reserved: Collection[str] = ()
) -> Source:
    """Return a user's own images as a source, named after the file unless a name is given.

    The `.npz` file holds x_train and x_test, `(n, h, w)` uint8, booleans or numbers in [0, 1], and their classes
    y_train and y_test, `(n,)` integers from 0 to k - 1; each class occurs in training.

    Raises:
        InputError: the file holds anything else, or the name is `reserved`.
    """
    try:
        arrays = read_npz(path)
    except IntegrityError as error:
        raise InputError(f"{path}: not an .npz file of arrays ({error}).") from error
    if missing := [key for key in NPZ_KEYS if key not in arrays]:
        raise InputError(f"{path}: expected the arrays {', '.join(NPZ_KEYS)}; {missing[0]} is missing.")
    try:
        splits = [_check_split(arrays[f"x_{split}"], arrays[f"y_{split}"], split) for split in ("train", "test")]
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    train, test = splits
    classes = int(train[1].max()) + 1
    if train[0].shape[1:] != test[0].shape[1:]:
        raise InputError(f"{path}: x_train has images {train[0].shape[1:]}, x_test {test[0].shape[1:]}.")
    if len(np.unique(train[1])) != classes or classes < 2:
        raise InputError(f"{path}: y_train must hold every class from 0 to k - 1, and at least two; number them so.")
    if np.bincount(train[1]).min() < LEAST_ROWS or len(test[1]) < LEAST_ROWS:
        raise InputError(f"{path}: at least {LEAST_ROWS} training images of each class, and test images, are needed.")
    if test[1].max() >= classes:
        raise InputError(f"{path}: y_test holds class {test[1].max()}, which y_train does not.")
    try:
        slug = make_slug(name or path.stem)
    except InputError as error:
        raise InputError(f"{path}: {error} Rename the file.") from error
    if slug in reserved:
        raise InputError(f"{path}: {slug} is the name of a built-in source. Rename the file.")
    return Source(slug, *train, *test, lambda seed: train, licence, file=path.name)


def _check_split(inputs: Array, labels: Array, split: str) -> tuple[Array, Array]:
    """Return images and labels as a source holds them; raise `InputError` for other shapes, types and values."""
    if inputs.ndim != 3 or not inputs.size:
        raise InputError(f"x_{split} must have shape (n, h, w), none of them 0; received {inputs.shape}.")
    if inputs.dtype == np.uint8:
        check_bytes(inputs, f"x_{split}")
    else:
        inputs = check_pixels(check_numbers(inputs, f"x_{split}", take_booleans=True), f"x_{split}")
    if labels.shape != inputs.shape[:1]:
        raise InputError(f"y_{split} must have one label for each of {len(inputs)} images; received {labels.shape}.")
    return inputs, check_labels(labels, MAX_CLASSES, f"y_{split}").astype(np.uint8)
