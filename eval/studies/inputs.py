"""The data of studies: signals of MNIST-1D, and latents of a release, each with its hash."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from ld_data.mnist1d.config import CLASSES, Mnist1dConfig
from ld_data.mnist1d.dataset import make_mnist1d
from ld_data.release.folder import load
from ld_data.storage.hashing import hash_arrays
from ld_data.typing import Array, Floats

RELEASE = "ld-mnist-32"


@dataclass(frozen=True, eq=False)
class Signals:
    """Signals `(n, t)` float32 and their classes `(n,)`, for training and for test."""

    x_train: Floats
    label_train: Array
    x_test: Floats
    label_test: Array
    sha256: str


@dataclass(frozen=True, eq=False)
class Latents:
    """The training x and y `(n, d)` float64 of a release."""

    x: Array
    y: Array
    sha256: str


@cache
def make_published() -> Signals:
    """Return the published set: 4,000 signals for training and 1,000 for test."""
    return make_signals(5_000, 4_000)


@cache
def make_signals(rows: int, train_rows: int, seed: int = 42) -> Signals:
    """Return signals exactly as the original generator makes them from its seed."""
    data = make_mnist1d(Mnist1dConfig(num_samples=rows, train_split=train_rows / rows, seed=seed), mode="canonical")
    arrays = (data.x.astype(np.float32), data.y, data.x_test.astype(np.float32), data.y_test)
    return Signals(*arrays, hash_arrays(*arrays))


def hash_sets(sets: Iterable[Signals]) -> str:
    """Return the sha256 of several sets together."""
    return hash_arrays(*(np.frombuffer(its.sha256.encode(), np.uint8) for its in sets))


@cache
def load_latents() -> Latents:
    """Return the training rows of `ld-mnist-32`; raises as `ld_data.load`."""
    train = load(RELEASE).train
    return Latents(train.x.astype(np.float64), train.y.astype(np.float64), hash_arrays(train.x, train.y))


def to_one_hot(labels: Array) -> Floats:
    """Return classes `(n,)` as `(n, 10)` float32 with a 1 in the place of the class."""
    return np.eye(CLASSES, dtype=np.float32)[labels]


def add_label_noise(labels: Array, share: float, random: np.random.Generator) -> Array:
    """Return classes `(n,)` of which that share, drawn by row, is redrawn from all ten."""
    chosen, drawn = random.random(len(labels)) < share, random.integers(CLASSES, size=len(labels))
    return np.where(chosen, drawn, labels)
