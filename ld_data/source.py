"""Sources: labelled inputs, by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from ld_data.arrays import check_finite, check_labels, check_numbers, read_npz
from ld_data.errors import InputError, IntegrityError, UnknownNameError
from ld_data.hashing import hash_arrays
from ld_data.manifest import NAME_CHARACTERS, Manifest
from ld_data.mnist import load_mnist
from ld_data.mnist1d import Mnist1dConfig, SignalStream, make_mnist1d
from ld_data.variations import load_variations
from ld_data.variations_archive import PUBLICATIONS
from ld_data.variations_generator import MANNERS, VariationParts, VariationStream, to_bytes

NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")
MAX_CLASSES = 256
LEAST_ROWS = 10
MNIST1D_LARGE = Mnist1dConfig(num_samples=70_000, train_split=6 / 7, seed=43)  # as many as MNIST has
MNIST1D_FIT_ROWS = 1_500_000  # so many that the models meet hardly any of them twice
MNIST1D_FIT_SEED = 1_000_000  # far from the published set's 42: the models are fitted on other signals
VARIATIONS_FIT_ROWS = 180_000  # each training digit three times
VARIATIONS_FIT_SEED = 1_000_000  # far from the source's 0: with other angles and backgrounds


@dataclass(frozen=True)
class Source:
    """Labelled inputs, and more inputs of the same kind to fit models on.

    Attributes:
        name: of the source.
        x_train, x_test: inputs `(n, h, w)`, uint8 or float32 in [0, 1], or `(n, t)` float32.
        label_train, label_test: classes `(n,)` uint8.
        make_fit_set: given a seed, returns the inputs `(m, ...)` and labels `(m,)` that models are fitted on.
        licence: SPDX name of the inputs' licence.
        judge: name of the source whose judge reads inputs of this kind; its own by default.
        make_parts: returns what the training and the test inputs were put together from; None if they were not.
    """

    name: str
    x_train: np.ndarray
    label_train: np.ndarray
    x_test: np.ndarray
    label_test: np.ndarray
    make_fit_set: Callable[[int], tuple[np.ndarray, np.ndarray]]
    licence: str
    judge: str = ""
    make_parts: Callable[[], tuple[VariationParts, VariationParts]] | None = None

    def __post_init__(self) -> None:
        """Let a source be read by a judge of its own, unless another is named."""
        object.__setattr__(self, "judge", self.judge or self.name)

    @property
    def classes(self) -> int:
        """The number of classes k."""
        return int(self.label_train.max()) + 1

    @property
    def sha256(self) -> str:
        """The sha256 over the four arrays' sha256, in the order x_train, label_train, x_test, label_test."""
        return hash_arrays(self.x_train, self.label_train, self.x_test, self.label_test)


def load_source(name: str) -> Source:
    """Return the source of that name.

    Raises `UnknownNameError` for any other, and what `load_mnist` raises when the data cannot be had.
    """
    if name not in SOURCES:
        raise UnknownNameError(f"no source {name!r}. Known: {', '.join(SOURCES)}.")
    return SOURCES[name]()


def choose_source(name: str | None, path: Path | None, licence: str = "unknown") -> Source:
    """Return the source of that name, or the one in a user's own `.npz` file: one of the two, the other None.

    Raises `InputError` for both or neither, and what `load_source` and `read_source` raise.
    """
    if name is not None and path is None:
        return load_source(name)
    if path is not None and name is None:
        return read_source(path, licence=licence)
    raise InputError(f"name a source ({', '.join(SOURCES)}), or a file of your own with --source-npz; one of them.")


def read_source(path: Path, name: str | None = None, licence: str = "unknown") -> Source:
    """Return a user's own images as a source, named after the file unless a name is given.

    An `.npz` holds x_train and x_test, `(n, h, w)` uint8 or numbers in [0, 1], and their classes y_train and y_test,
    `(n,)` integers from 0 to k - 1, each of which occurs in training. Raises `InputError` for anything else.
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
    slug = "".join(letter if letter in NAME_CHARACTERS else "-" for letter in (name or path.stem).lower())
    if slug in SOURCES:
        raise InputError(f"{path}: {slug} is the name of a source of ours. Rename the file.")
    return Source(slug, *train, *test, lambda seed: train, licence)


def find_inputs(manifest: Manifest, path: Path | None = None) -> Source:
    """Return the source that a release was made of, from the user's own `.npz` file if a path is given.

    Raises `InputError` if its hash is not the manifest's, and what `load_source` and `read_source` raise.
    """
    name = manifest.source["name"]
    source = load_source(name) if path is None else read_source(path, name)
    if source.sha256 != manifest.source["sha256"]:
        raise InputError(
            f"these are not the inputs that {manifest.name} was made of: expected sha256 {manifest.source['sha256']}; "
            f"received {source.sha256}. Name the right file with --source-npz."
        )
    return source


def _check_split(inputs: np.ndarray, labels: np.ndarray, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels as a source has them; raise `InputError` for what they may not be."""
    if inputs.ndim != 3 or not inputs.size:
        raise InputError(f"x_{split} must have shape (n, h, w), none of them 0; received {inputs.shape}.")
    if inputs.dtype != np.uint8:
        inputs = check_finite(check_numbers(inputs, f"x_{split}").astype(np.float32), f"x_{split}")
        if inputs.min() < 0 or inputs.max() > 1:
            raise InputError(
                f"x_{split} must be uint8, or numbers in [0, 1]; received {inputs.min():g} to {inputs.max():g}. "
                "Divide by 255, or convert to uint8."
            )
    if labels.shape != inputs.shape[:1]:
        raise InputError(f"y_{split} must have one label for each of {len(inputs)} images; received {labels.shape}.")
    return inputs, check_labels(labels, MAX_CLASSES, f"y_{split}").astype(np.uint8)


def _load_mnist() -> Source:
    arrays = load_mnist()
    train, test = ((arrays[f"x_{split}"], arrays[f"y_{split}"]) for split in ("train", "test"))
    return Source("mnist", *train, *test, lambda seed: train, "CC-BY-SA-3.0")


def _make_mnist1d(name: str, config: Mnist1dConfig) -> Source:
    data = make_mnist1d(config)
    return Source(
        name,
        data.x.astype(np.float32),
        data.y.astype(np.uint8),
        data.x_test.astype(np.float32),
        data.y_test.astype(np.uint8),
        _make_mnist1d_fit_set,
        "Apache-2.0",
        judge="mnist1d",
    )


def _make_mnist1d_fit_set(seed: int) -> tuple[np.ndarray, np.ndarray]:
    return SignalStream(Mnist1dConfig(seed=(MNIST1D_FIT_SEED + seed) % 2**32)).make_rows(0, MNIST1D_FIT_ROWS)


def _load_variations(name: str) -> Source:
    data = load_variations(name)
    return Source(
        name, data.x_train, data.y_train, data.x_test, data.y_test, lambda seed: (data.x_train, data.y_train), "unknown"
    )


def _make_variations(name: str) -> Source:
    """Return MNIST's digits varied, each once and in MNIST's order: as uint8, which last bits do not change."""
    arrays, config = load_mnist(), MANNERS[name]
    (train, rows), (test, test_rows) = (
        (VariationStream(config, arrays[f"x_{split}"], arrays[f"y_{split}"]), len(arrays[f"y_{split}"]))
        for split in ("train", "test")
    )

    def make_fit_set(seed: int) -> tuple[np.ndarray, np.ndarray]:
        other = replace(config, seed=VARIATIONS_FIT_SEED + seed)
        return _make_images(VariationStream(other, arrays["x_train"], arrays["y_train"]), 0, VARIATIONS_FIT_ROWS)

    return Source(
        name,
        *_make_images(train, 0, rows),
        *_make_images(test, rows, test_rows),
        make_fit_set,
        "CC-BY-SA-3.0",
        make_parts=lambda: (train.make_parts(0, rows), test.make_parts(rows, test_rows)),
    )


def _make_images(stream: VariationStream, first_row: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    parts = [(to_bytes(part.x), part.y) for part in stream.iterate(rows, first_row)]
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels)


SOURCES: dict[str, Callable[[], Source]] = {
    "mnist": _load_mnist,
    "mnist1d": lambda: _make_mnist1d("mnist1d", Mnist1dConfig()),
    "mnist1d-large": lambda: _make_mnist1d("mnist1d-large", MNIST1D_LARGE),
    **{name: partial(_load_variations, name) for name in PUBLICATIONS},
    **{name: partial(_make_variations, name) for name in MANNERS},
}
