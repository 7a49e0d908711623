"""The ordinary class VAE: one trained Gaussian for each class, and a linear decoder.

It reproduces the predecessor and shows the difference to the exact `cells`: ten Gaussians cannot be both decodable and
N(0, I) in sum.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ld_data.checks import check_labels, check_vectors
from ld_data.noise import Y_STREAM
from ld_data.protocols import Mode, YKind
from ld_data.typing import Array, Floats
from vae.runtime.frozen_vae import FrozenVae


@dataclass(frozen=True, eq=False)
class GaussianClasses:
    """A trained class VAE as the codec of the y space; satisfies `ld_data.protocols.YCodec`.

    Attributes:
        vae: the class VAE, linear both ways.
        class_weight: W `(d, k)` of its decoder.
        class_bias: b `(k,)` of its decoder.
        class_mean: the means of the classes' posteriors `(k, d)`.
        class_variance: the variances of the classes' posteriors `(k, d)`.
        frequency: share of each class `(k,)`.
    """

    vae: FrozenVae
    class_weight: Array
    class_bias: Array
    class_mean: Array
    class_variance: Array
    frequency: Array
    kind: ClassVar[YKind] = "gaussian"

    def __repr__(self) -> str:
        """Return the sizes, not the numbers."""
        return f"<GaussianClasses: {len(self.frequency)} classes, d = {self.latent_dim}>"

    @property
    def latent_dim(self) -> int:
        """The latent size d."""
        return self.vae.config.latent_dim

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
        classes = len(self.frequency)
        one_hot = np.eye(classes, dtype=np.float32)[check_labels(labels, classes)]
        return self.vae.encoder.run(one_hot, self.vae.make_noise(mode, seed, Y_STREAM, first_row, len(one_hot)))[0]

    def decode(self, latents: Array) -> Floats:
        """Return class probabilities `(n, k)` float32 for latents `(n, d)`."""
        return self.vae.decoder.run(check_vectors(latents, self.latent_dim))[0]
