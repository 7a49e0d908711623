"""The ordinary class VAE: one trained Gaussian for each class, and a linear decoder.

Kept beside the exact cells (`vae.cells`) to reproduce the predecessor and to show the difference: ten Gaussians cannot
be both decodable and N(0, I) in sum.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from keras import ops

from ld_data.arrays import check_labels
from ld_data.codec import Mode
from ld_data.noise import Y_STREAM
from vae.inference import decode_rows, encode_rows
from vae.model import Vae


@dataclass(frozen=True)
class GaussianClasses:
    """A trained class VAE as the codec of the y space; satisfies `ld_data.codec.YCodec`.

    Attributes:
        vae: the class VAE, linear both ways.
        frequency: share of each class `(k,)`.
    """

    vae: Vae
    frequency: np.ndarray

    @property
    def latent_dim(self) -> int:
        """The latent size d."""
        return self.vae.config.latent_dim

    @property
    def class_weight(self) -> np.ndarray:
        """W `(d, k)` of the linear decoder."""
        return ops.convert_to_numpy(self.vae.decoder.last.kernel)

    @property
    def class_bias(self) -> np.ndarray:
        """The biases b `(k,)` of the linear decoder."""
        return ops.convert_to_numpy(self.vae.decoder.last.bias)

    @property
    def class_mean(self) -> np.ndarray:
        """z_mean of each class `(k, d)`."""
        return self._posteriors[0]

    @property
    def floor(self) -> float:
        """The variance of y within its class, averaged over classes and dimensions."""
        return float(self.frequency @ np.exp(self._posteriors[1].astype(np.float64)).mean(axis=1))

    @property
    def null(self) -> float:
        """The variance of y per dimension: the floor, and the variance between class means."""
        means = self.class_mean.astype(np.float64)
        return self.floor + float(self.frequency @ np.square(means - self.frequency @ means).mean(axis=1))

    def encode(self, labels: np.ndarray, mode: Mode = "sample", seed: int = 0, first_row: int = 0) -> np.ndarray:
        """Return `(n, d)` float32: draws from each label's Gaussian, or its mean (mode "mean").

        Row i draws noise that depends on `seed` and `first_row` + i alone. Raises `InputError` for labels out of range.
        """
        one_hot = self._one_hot[check_labels(labels, len(self.frequency))]
        return encode_rows(self.vae, one_hot, mode, seed, Y_STREAM, first_row)

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Return class probabilities `(n, k)` float32 for latents `(n, d)`; raises `InputError` as `decode_rows`."""
        return decode_rows(self.vae, latents)

    @cached_property
    def _one_hot(self) -> np.ndarray:
        return np.eye(len(self.frequency), dtype=np.float32)

    @cached_property
    def _posteriors(self) -> tuple[np.ndarray, np.ndarray]:
        z_mean, z_log_var = self.vae.encoder(self._one_hot)
        return ops.convert_to_numpy(z_mean), ops.convert_to_numpy(z_log_var)
