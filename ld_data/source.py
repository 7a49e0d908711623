"""Sources: labelled inputs, by name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ld_data.errors import UnknownNameError
from ld_data.hashing import hash_array
from ld_data.mnist import load_mnist
from ld_data.mnist1d import Mnist1dConfig, make_mnist1d

MNIST1D_FIT_ROWS = 100_000
MNIST1D_FIT_SEED = 1_000_000  # far from the published set's 42: the models are fitted on other signals


@dataclass(frozen=True)
class Source:
    """Labelled inputs, and more inputs of the same kind to fit models on.

    Attributes:
        name: of the source.
        x_train, x_test: inputs `(n, h, w)` uint8 or `(n, t)` float32.
        label_train, label_test: classes `(n,)` uint8.
        make_fit_inputs: given a seed, returns the inputs `(m, ...)` that models are fitted on.
        licence: SPDX name of the inputs' licence.
    """

    name: str
    x_train: np.ndarray
    label_train: np.ndarray
    x_test: np.ndarray
    label_test: np.ndarray
    make_fit_inputs: Callable[[int], np.ndarray]
    licence: str

    @property
    def classes(self) -> int:
        """The number of classes k."""
        return int(self.label_train.max()) + 1

    @property
    def sha256(self) -> str:
        """The sha256 over the four arrays' sha256, in the order x_train, label_train, x_test, label_test."""
        arrays = (self.x_train, self.label_train, self.x_test, self.label_test)
        return hash_array(np.array([hash_array(array) for array in arrays]).astype("S64"))


def load_source(name: str) -> Source:
    """Return the source of that name.

    Raises `UnknownNameError` for any other, and what `load_mnist` raises when the data cannot be had.
    """
    if name not in SOURCES:
        raise UnknownNameError(f"no source {name!r}. Known: {', '.join(SOURCES)}.")
    return SOURCES[name]()


def _load_mnist() -> Source:
    arrays = load_mnist()
    x_train = arrays["x_train"]
    return Source(
        "mnist", x_train, arrays["y_train"], arrays["x_test"], arrays["y_test"], lambda seed: x_train, "CC-BY-SA-3.0"
    )


def _make_mnist1d() -> Source:
    data = make_mnist1d()
    return Source(
        "mnist1d",
        data.x.astype(np.float32),
        data.y.astype(np.uint8),
        data.x_test.astype(np.float32),
        data.y_test.astype(np.uint8),
        _make_mnist1d_fit_inputs,
        "Apache-2.0",
    )


def _make_mnist1d_fit_inputs(seed: int) -> np.ndarray:
    fit_seed = (MNIST1D_FIT_SEED + seed) % 2**32
    config = Mnist1dConfig(num_samples=MNIST1D_FIT_ROWS, train_split=1.0, seed=fit_seed)
    return make_mnist1d(config).x.astype(np.float32)


SOURCES: dict[str, Callable[[], Source]] = {"mnist": _load_mnist, "mnist1d": _make_mnist1d}
