"""The rows that maps show: pixels of MNIST, signals of MNIST-1D, and x of each release, with their classes."""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from eval.studies.inputs import make_signals
from ld_data.health.probes import to_unit_scale
from ld_data.release.folder import load
from ld_data.sources.mnist import load_mnist
from ld_data.storage.hashing import hash_arrays
from ld_data.typing import Array, Floats


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows `(n, d)` float32 and their classes `(n,)`."""

    x: Floats
    label: Array
    sha256: str


@cache
def load_pixels() -> Rows:
    """Return the 70,000 images of MNIST, pixels from 0 to 1; raises as `load_mnist`."""
    arrays = load_mnist()
    images = np.concatenate([arrays["x_train"], arrays["x_test"]])
    return _gather(to_unit_scale(images.reshape(len(images), -1)), arrays["y_train"], arrays["y_test"])


@cache
def make_rows() -> Rows:
    """Return 20,000 signals of the original generator."""
    signals = make_signals(20_000, 4_000)
    return _gather(np.concatenate([signals.x_train, signals.x_test]), signals.label_train, signals.label_test)


@cache
def load_x(name: str) -> Rows:
    """Return all x of a release; raises as `ld_data.load`."""
    data = load(name)
    return _gather(np.concatenate([data.train.x, data.test.x]), data.train.label, data.test.label)


load_mnist_x, load_rotated_x = partial(load_x, "ld-mnist-32"), partial(load_x, "ld-mnist-rot-back-32")
load_mnist1d_x, load_many_x = partial(load_x, "ld-mnist1d-32"), partial(load_x, "ld-mnist1d-60k-32")


def _gather(x: Floats, *labels: Array) -> Rows:
    label = np.concatenate(labels)
    return Rows(x, label, hash_arrays(x, label))
