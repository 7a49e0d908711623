"""Fresh draws of x and y for every epoch of a training: endless noise, and every epoch reproducible."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ld_data.checks import check_integer, check_labels
from ld_data.errors import InputError
from ld_data.noise import check_seed
from ld_data.protocols import LatentCodec, Mode
from ld_data.typing import Array, Floats

EPOCH_ROWS = 1 << 40  # rows of noise between two epochs: more than any dataset has
MAX_EPOCH = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Redraws:
    """Draws of a dataset's latents, another one for each epoch.

    Row i of epoch e has the noise of row `first_row + i + e * 2**40` of the seed (see `ld_data.noise`). It depends only
    on `seed`, e and i, not on the number of rows, and no two epochs share noise. With the seed, inputs and labels of a
    release, epoch 0 is the published draw (x up to rounding), and no other epoch shares noise with the release.

    Attributes:
        codec: of the release.
        inputs: `(n, *input_shape)`, as `codec.x.encode` takes them; None for draws of y alone.
        labels: `(n,)` integers, the classes of the inputs.
        seed: of the noise; that of the release, `data.manifest.seed`, for the published draw.
        first_row: the number of the first row in the release; test rows follow training rows.
        noise_free: y are the class means, the same in every epoch, and x alone is drawn anew.
    """

    codec: LatentCodec
    inputs: Array | None
    labels: Array
    seed: int = 0
    first_row: int = 0
    noise_free: bool = False

    def __post_init__(self) -> None:
        """Raise `InputError` if a seed, row or label is out of range, or the numbers of inputs and labels differ."""
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

    def draw(self, epoch: int) -> tuple[Array, Array]:
        """Return x and y `(n, d)` float32 of an epoch, 0 or more.

        Raises:
            InputError: there are no inputs, the epoch is out of range, or the codec refuses the inputs.
        """
        if self.inputs is None:
            raise InputError("x is drawn from inputs, and there are none here. Pass inputs, or draw y with draw_y.")
        return self.codec.x.encode(self.inputs, seed=self.seed, first_row=self._find_row(epoch)), self.draw_y(epoch)

    def draw_y(self, epoch: int) -> Floats:
        """Return y `(n, d)` float32 of an epoch; it needs no inputs."""
        mode: Mode = "mean" if self.noise_free else "sample"
        return self.codec.y.encode(self.labels, mode, self.seed, self._find_row(epoch))

    def iterate(self, epochs: int, first_epoch: int = 0) -> Iterator[tuple[Array, Array]]:
        """Return an iterator over x and y `(n, d)` of epochs, each drawn when it is reached."""
        check_integer("epochs", epochs, 0, MAX_EPOCH)
        check_integer("first_epoch", first_epoch, 0, MAX_EPOCH)
        return map(self.draw, range(first_epoch, first_epoch + epochs))

    def _find_row(self, epoch: int) -> int:
        return int(self.first_row) + check_integer("epoch", epoch, 0, MAX_EPOCH) * EPOCH_ROWS
