"""The sources by name, and how each one is loaded or generated."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ld_data.errors import InputError, UnknownNameError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import make_mnist1d
from ld_data.mnist1d.stream import SignalStream
from ld_data.sources.mnist import load_mnist
from ld_data.sources.source import Source
from ld_data.sources.user_images import NO_IMAGES, UserImages
from ld_data.typing import Array
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.published import load_variations
from ld_data.variations.stream import PRESETS, VariationStream, to_bytes

MNIST1D_60K = Mnist1dConfig(num_samples=70_000, train_split=6 / 7, seed=43)  # as many rows as MNIST
MNIST1D_FIT_ROWS = 1_500_000  # so many that the models see few of them twice
MNIST1D_FIT_SEED = 1_000_000  # far from the published set's 42: other signals fit the models
VARIATIONS_FIT_ROWS = 180_000  # each training digit three times
VARIATIONS_FIT_SEED = 1_000_000  # far from the source's 0: with other angles and backgrounds


def load_source(name: str) -> Source:
    """Return the source of that name.

    Raises:
        UnknownNameError: there is no such source.
        MissingDataError: the data are not on this machine, and `LD_DATA_OFFLINE` forbids the download.
        DownloadError: no mirror delivers the data.
        IntegrityError: a copy of the data differs from the published data.
    """
    if name not in SOURCES:
        raise UnknownNameError(f"no source {name!r}. Known: {', '.join(SOURCES)}.")
    return SOURCES[name]()


def choose_source(name: str | None, images: UserImages = NO_IMAGES, licence: str = "unknown") -> Source:
    """Return the source of that name, or a user's own images: one of the two.

    Raises:
        InputError: both are given or neither, or there is no source in the user's files.
        LdDataError: as `load_source`.
    """
    if (name is None) == (images == NO_IMAGES):
        raise InputError(
            f"name a source ({', '.join(SOURCES)}), or images of your own with --source-npz or --source-idx, and not "
            "both."
        )
    return images.read(licence=licence, reserved=SOURCES) if name is None else load_source(name)


def find_inputs(release: str, record: Mapping[str, str], images: UserImages = NO_IMAGES) -> Source:
    """Return the source in the manifest of a release, from the user's own images if there are any.

    Raises:
        InputError: the hash of the inputs is not the recorded one, or there is no source in the user's files.
        LdDataError: as `load_source`.
    """
    source = load_source(record["name"]) if images == NO_IMAGES else images.read(record["name"])
    if source.sha256 != record["sha256"]:
        raise InputError(
            f"these are not the inputs that {release} was made of: expected sha256 {record['sha256']}; "
            f"received {source.sha256}. Name the right ones with --source-npz or --source-idx."
        )
    return source


def _load_mnist() -> Source:
    arrays = load_mnist()
    train, test = ((arrays[f"x_{split}"], arrays[f"y_{split}"]) for split in ("train", "test"))
    return Source("mnist", *train, *test, lambda seed: train, "CC-BY-SA-3.0")


def _make_mnist1d(name: str, config: Mnist1dConfig) -> Source:
    data = make_mnist1d(config)
    splits = ((data.x, data.y), (data.x_test, data.y_test))
    train, test = ((signals.astype(np.float32), labels.astype(np.uint8)) for signals, labels in splits)
    return Source(name, *train, *test, _make_mnist1d_fit_set, "Apache-2.0", judge="mnist1d")


def _make_mnist1d_fit_set(seed: int) -> tuple[Array, Array]:
    return SignalStream(Mnist1dConfig(seed=(MNIST1D_FIT_SEED + seed) % 2**32)).make_rows(0, MNIST1D_FIT_ROWS)


def _load_variations(name: str) -> Source:
    data = load_variations(name)
    train = (data.x_train, data.y_train)
    return Source(name, *train, data.x_test, data.y_test, lambda seed: train, "unknown")


def _make_variations(name: str) -> Source:
    """Return MNIST's digits varied, each once, in MNIST's order, as uint8, which hides differences in the last bits."""
    arrays, config = load_mnist(), PRESETS[name]
    (train, rows), (test, test_rows) = (
        (VariationStream(config, arrays[f"x_{split}"], arrays[f"y_{split}"]), len(arrays[f"y_{split}"]))
        for split in ("train", "test")
    )

    def make_fit_set(seed: int) -> tuple[Array, Array]:
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


def _make_images(stream: VariationStream, first_row: int, rows: int) -> tuple[Array, Array]:
    parts = [(to_bytes(part.x), part.y) for part in stream.iterate(rows, first_row)]
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels)


SOURCES: dict[str, Callable[[], Source]] = {
    "mnist": _load_mnist,
    "mnist1d": lambda: _make_mnist1d("mnist1d", Mnist1dConfig()),
    "mnist1d-60k": lambda: _make_mnist1d("mnist1d-60k", MNIST1D_60K),
    **{name: partial(_load_variations, name) for name in PUBLICATIONS},
    **{name: partial(_make_variations, name) for name in PRESETS},
}
