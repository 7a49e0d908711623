"""Sources: labelled inputs, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from ld_data.storage.hashing import hash_arrays
from ld_data.typing import Array
from ld_data.variations.stream import VariationRows


@dataclass(frozen=True)
class Source:
    """Labelled inputs, and more inputs of the same kind to fit models on.

    Attributes:
        name: of the source.
        inputs_train, inputs_test: images `(n, h, w)` or `(n, h, w, 3)`, uint8 or float32 in [0, 1], or signals `(n, t)`
            float32.
        label_train, label_test: classes `(n,)` uint8.
        make_fit_set: returns inputs `(m, ...)` and labels `(m,)` to fit models on, for a seed.
        licence: SPDX name of the inputs' licence.
        file: name of the user's own file or folder; empty for a built-in source.
        option: the option of the commands that takes this file.
        judge: the name of the source whose judge reads inputs of this kind; by default its own.
        make_parts: returns the parts of training and test inputs: their digits alone, angles and backgrounds; or None.
    """

    name: str
    inputs_train: Array
    label_train: Array
    inputs_test: Array
    label_test: Array
    make_fit_set: Callable[[int], tuple[Array, Array]]
    licence: str
    judge: str = ""
    file: str = ""
    option: str = "--source-npz"
    make_parts: Callable[[], tuple[VariationRows, VariationRows]] | None = None

    def __post_init__(self) -> None:
        """Set the default judge."""
        object.__setattr__(self, "judge", self.judge or self.name)

    @property
    def classes(self) -> int:
        """The number of classes k."""
        return int(self.label_train.max()) + 1

    @property
    def sha256(self) -> str:
        """The sha256 over the four arrays' sha256, in the order inputs_train, label_train, inputs_test, label_test."""
        return hash_arrays(self.inputs_train, self.label_train, self.inputs_test, self.label_test)
