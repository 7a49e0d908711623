"""Sources: labelled inputs, by name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ld_data.storage.hashing import hash_arrays
from ld_data.variations.stream import VariationParts


@dataclass(frozen=True)
class Source:
    """Labelled inputs, and more inputs of the same kind to fit models on.

    Attributes:
        name: of the source.
        inputs_train, inputs_test: inputs `(n, h, w)`, uint8 or float32 in [0, 1], or `(n, t)` float32.
        label_train, label_test: classes `(n,)` uint8.
        make_fit_set: given a seed, returns the inputs `(m, ...)` and labels `(m,)` that models are fitted on.
        licence: SPDX name of the inputs' licence.
        file: name of the user's own file; empty for a built-in source.
        judge: name of the source whose judge reads inputs of this kind; its own by default.
        make_parts: returns what the training and the test inputs were put together from; None if they were not.
    """

    name: str
    inputs_train: np.ndarray
    label_train: np.ndarray
    inputs_test: np.ndarray
    label_test: np.ndarray
    make_fit_set: Callable[[int], tuple[np.ndarray, np.ndarray]]
    licence: str
    judge: str = ""
    file: str = ""
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
        """The sha256 over the four arrays' sha256, in the order inputs_train, label_train, inputs_test, label_test."""
        return hash_arrays(self.inputs_train, self.label_train, self.inputs_test, self.label_test)
