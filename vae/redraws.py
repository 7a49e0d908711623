"""Fresh draws of x and y for every epoch of a training: noise without an end, and every epoch reproducible."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ld_data.checks import check_integer, check_labels
from ld_data.errors import InputError
from ld_data.noise import check_seed
from ld_data.protocols import LatentCodec

EPOCH_ROWS = 1 << 40  # rows of noise between two epochs, more than any data set has
MAX_EPOCH = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Redraws:
    """Draws of a data set's latents, another one for each epoch.

    Row i of epoch e is drawn with the noise of row `first_row + i + e * 2**40` of the seed (see `ld_data.noise`). So it
    depends on `seed`, e and i alone, not on how many rows there are, and no two epochs share noise. Epoch 0 is the
    published draw if seed, inputs and labels are those of the release, x but for rounding; the other epochs share noise
    with no row of it, neither of training nor of test, as a smaller step would.

    Attributes:
        codec: of the release.
        inputs: `(n, *input_shape)`, as `codec.x.encode` takes them; None for draws of y alone.
        labels: `(n,)` integers, the classes of the inputs.
        seed: of the noise; that of the release, `data.manifest.seed`, for the published draw.
        first_row: the number of the first row in the release, if not 0: test rows follow upon training rows.
    """

    codec: LatentCodec
    inputs: np.ndarray | None
    labels: np.ndarray
    seed: int = 0
    first_row: int = 0

    def __post_init__(self) -> None:
        """Raise `InputError` for a seed, a row or labels out of range, or unequal numbers of inputs and labels."""
        check_seed(self.seed)
        labels = check_labels(self.labels, len(self.codec.y.class_bias)).shape
        if self.inputs is not None and np.shape(self.inputs)[:1] != labels:
            raise InputError(
                f"there must be one label for each input; received inputs {np.shape(self.inputs)} and labels {labels}."
            )
        check_integer("first_row", self.first_row, 0, EPOCH_ROWS - math.prod(labels))

    def __repr__(self) -> str:
        """Return the sizes, not the numbers."""
        spaces = "y" if self.inputs is None else "x and y"
        return f"<Redraws of {spaces}: {len(self.labels)} rows from {self.first_row}, seed {self.seed}>"

    def draw(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y `(n, d)` float32 of an epoch, 0 or more.

        Raises `InputError` if there are no inputs, or for what the codec refuses.
        """
        if self.inputs is None:
            raise InputError("x is drawn from inputs, and there are none here. Pass inputs, or draw y with draw_y.")
        return self.codec.x.encode(self.inputs, seed=self.seed, first_row=self._find_row(epoch)), self.draw_y(epoch)

    def draw_y(self, epoch: int) -> np.ndarray:
        """Return y `(n, d)` float32 of an epoch, which needs no inputs; raises `InputError` as `draw`."""
        return self.codec.y.encode(self.labels, seed=self.seed, first_row=self._find_row(epoch))

    def iterate(self, epochs: int, first_epoch: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Return an iterator over x and y `(n, d)` of epochs, each drawn when it is its turn; raises as `draw`."""
        check_integer("epochs", epochs, 0, MAX_EPOCH)
        check_integer("first_epoch", first_epoch, 0, MAX_EPOCH)
        return map(self.draw, range(first_epoch, first_epoch + epochs))

    def _find_row(self, epoch: int) -> int:
        return int(self.first_row) + check_integer("epoch", epoch, 0, MAX_EPOCH) * EPOCH_ROWS
