"""The codecs of the y space: exact cells of N(0, I), or the Gaussians of an ordinary class VAE."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ld_data.checks import GREATEST_VALUE, check_labels, check_vectors
from ld_data.errors import InputError, IntegrityError
from ld_data.noise import Y_CELL_STREAM, Y_STREAM, check_row, make_normals, make_normals_at
from ld_data.protocols import Mode, YKind, check_mode
from ld_data.typing import Array, Floats
from vae.runtime.onnx_network import FrozenVae

MARGIN = 1e-5  # of the own class over the others, so that float32 rounding never changes a class
CHUNK_ROWS = 2048
PATIENCE = 100.0  # draws per expected draw: the chance that all of them miss the cell is exp(-100)


@dataclass(frozen=True, eq=False)
class _Classes:
    class_weight: Array
    class_bias: Array
    class_mean: Array
    frequency: Array

    def __repr__(self) -> str:
        """Return the sizes, not the numbers."""
        return f"<{type(self).__name__}: {self.classes} classes, d = {self.latent_dim}>"

    @property
    def latent_dim(self) -> int:
        """The latent size d."""
        return int(self.class_weight.shape[0])

    @property
    def classes(self) -> int:
        """The number of classes k."""
        return int(self.class_weight.shape[1])


@dataclass(frozen=True, eq=False, repr=False)
class Cells(_Classes):
    """The exact codec: one cell of N(0, I) for each class; satisfies `ld_data.protocols.YCodec`.

    Draw y ~ N(0, I) and let its class be argmax(W^T y + b). Then q(y | c) is N(0, I) restricted to cell c, the
    aggregate over classes is exactly N(0, I), the linear decoder (W, b) is always right, and the rate I(y; c) equals
    H(c): no class VAE can have a lower negative evidence lower bound.

    Attributes:
        class_weight: W `(d, k)` float32, unit columns.
        class_bias: b `(k,)` float32.
        class_mean: E[y | class] `(k, d)` float32.
        frequency: share of each class `(k,)` float64, the mass of its cell.
    """

    kind: ClassVar[YKind] = "cells"
    null: ClassVar[float] = 1.0  # y is N(0, I)

    def __post_init__(self) -> None:
        """Raise `InputError` if a class has no share."""
        if not (self.frequency > 0).all():
            raise InputError(f"frequency must be above 0 for each class; received {self.frequency.min():g}.")

    @property
    def floor(self) -> float:
        """The variance within cells per dimension: 1 - sum over classes of frequency |class mean|^2 / d."""
        between = self.frequency @ np.square(self.class_mean.astype(np.float64)).sum(axis=1)
        return float(1.0 - between / self.latent_dim)

    def encode(self, labels: Array, mode: Mode = "sample", seed: int = 0, first_row: int = 0) -> Floats:
        """Return `(n, d)` float32: draws from N(0, I) within each label's cell, or the class means (mode "mean").

        Row i of the result depends only on `seed` and `first_row` + i.

        Raises:
            IntegrityError: a class has no cell.
        """
        labels = check_labels(labels, self.classes)
        check_mode(mode)
        if mode == "mean":
            return self.class_mean[labels]
        starts, first = range(0, len(labels), CHUNK_ROWS), check_row(first_row)
        return np.concatenate([self._sample(labels[i : i + CHUNK_ROWS], seed, first + i) for i in starts])

    def decode(self, latents: Array) -> Floats:
        """Return p(class | y) `(n, k)` float32 for latents `(n, d)` within +-1e6: 1 for the cell of y, else 0."""
        latents = check_vectors(latents, self.latent_dim, most=GREATEST_VALUE)
        return np.eye(self.classes, dtype=np.float32)[np.argmax(latents @ self.class_weight + self.class_bias, axis=1)]

    def _sample(self, labels: Array, seed: int, first_row: int) -> Array:
        """Draw the part of y that decides the class by rejection, and the rest of y freely."""
        rows, span = len(labels), self._span
        scores = span.T @ self.class_weight.astype(np.float64)
        deciding = np.zeros((rows, span.shape[1]))
        waiting = np.arange(rows)
        attempts = math.ceil(PATIENCE / self.frequency[labels].min())
        for attempt in range(attempts):
            draws = make_normals_at(seed, Y_CELL_STREAM + attempt, first_row, waiting, span.shape[1])
            inside = _wins(draws @ scores + self.class_bias, labels[waiting])
            deciding[waiting[inside]] = draws[inside]
            waiting = waiting[~inside]
            if not len(waiting):
                break
        else:
            lost = labels[waiting[0]]
            raise IntegrityError(
                f"after {attempts} draws none lay in the cell of class {lost}, whose frequency is "
                f"{self.frequency[lost]:.2g}: weights, biases and frequencies do not belong together. Fetch or build "
                "the models again."
            )
        free = make_normals(seed, Y_STREAM, first_row, rows, self.latent_dim)
        return (free - free @ span @ span.T + deciding @ span.T).astype(np.float32)

    @cached_property
    def _span(self) -> Array:
        """An orthonormal basis of the columns of W: `(d, min(k - 1, d))`.

        Gram and Schmidt's method with fixed signs makes it a smooth function of W. A singular value decomposition does
        not: the singular values of a simplex are equal, so that rounding, and with it the processor, chooses the basis.
        """
        columns = self.class_weight[:, : min(self.classes - 1, self.latent_dim)].astype(np.float64)
        basis, triangle = np.linalg.qr(columns)
        return basis * np.sign(np.diagonal(triangle))


@dataclass(frozen=True, eq=False, repr=False)
class GaussianClasses(_Classes):
    """An ordinary class VAE, one trained Gaussian for each class; satisfies `ld_data.protocols.YCodec`.

    It reproduces the predecessor and shows the difference to `Cells`: ten Gaussians cannot be both decodable and
    N(0, I) in sum.

    Attributes:
        class_weight: W `(d, k)` of its decoder, which is linear.
        class_bias: b `(k,)` of its decoder.
        class_mean: the means of the classes' posteriors `(k, d)`.
        frequency: share of each class `(k,)`.
        class_variance: the variances of the classes' posteriors `(k, d)`.
        vae: the class VAE.
    """

    class_variance: Array
    vae: FrozenVae
    kind: ClassVar[YKind] = "gaussian"

    @property
    def floor(self) -> float:
        """The variance of y within its class, averaged over classes and dimensions."""
        return float(self.frequency @ self.class_variance.astype(np.float64).mean(axis=1))

    @property
    def null(self) -> float:
        """The variance of y per dimension: the floor, and the variance between class means."""
        means = self.class_mean.astype(np.float64)
        return self.floor + float(self.frequency @ np.square(means - self.frequency @ means).mean(axis=1))

    def encode(self, labels: Array, mode: Mode = "sample", seed: int = 0, first_row: int = 0) -> Floats:
        """Return `(n, d)` float32: draws from each label's Gaussian, or its mean (mode "mean").

        The noise of row i depends only on `seed` and `first_row` + i.
        """
        one_hot = np.eye(self.classes, dtype=np.float32)[check_labels(labels, self.classes)]
        return self.vae.encoder.run(one_hot, self.vae.make_noise(mode, seed, Y_STREAM, first_row, len(one_hot)))[0]

    def decode(self, latents: Array) -> Floats:
        """Return class probabilities `(n, k)` float32 for latents `(n, d)` within +-1e6."""
        return self.vae.decoder.run(check_vectors(latents, self.latent_dim, most=GREATEST_VALUE))[0]


def _wins(scores: Array, labels: Array) -> Array:
    """Return whether the own class of each row has the highest score, with the margin."""
    rows = np.arange(len(labels))
    own = scores[rows, labels]
    scores[rows, labels] = -np.inf
    return own > scores.max(axis=1) + MARGIN
