"""An invertible flow: affine couplings between fixed rotations, exact both ways.

Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP", ICLR 2017; fixed rotations instead of
permutations, as in Kingma and Dhariwal, "Glow", NeurIPS 2018, without learning them. After the couplings, maps that are
fitted and not trained correct the remaining errors of marginals, norms, means and covariances.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import KerasTensor, ops

from ld_data.typing import Array
from vae.model.fitted_maps import MarginalMap, RadialMap
from vae.model.layers import Parts, add_constant

CHUNK_ROWS = 8192
GREATEST_LOG_SCALE = 1.0  # of one coupling: its factors lie between 1/e and e, so that the inverse is well conditioned


class Flow(keras.layers.Layer):
    """Maps inner latents `(n, d)` to outer ones and back; it starts as a rotation.

    Each coupling rotates, and then scales and shifts one half of the components by the output of a small dense network
    of the other half. Last come a marginal, a radial and a linear map, the identity until `standardise` fits them.
    """

    def __init__(self, latent_dim: int, couplings: int, units: Sequence[int], seed: int = 0) -> None:
        """Take d, the number of couplings, the hidden widths of their networks, the seed of rotations and weights."""
        super().__init__(name="flow")
        self.kept = latent_dim // 2
        parts, dense, random = Parts(seed), keras.layers.Dense, np.random.default_rng(seed)
        self.rotations, self.networks = [], []
        for _ in range(couplings):
            self.rotations.append(add_constant(self, np.linalg.qr(random.normal(size=(latent_dim, latent_dim)))[0]))
            hidden = [parts.make(dense, width, "silu") for width in units]
            last = dense(2 * (latent_dim - self.kept), kernel_initializer="zeros")
            self.networks.append(keras.Sequential([keras.Input((self.kept,)), *hidden, last]))
        self.marginal, self.radial = MarginalMap(latent_dim), RadialMap(latent_dim)
        self.centre = add_constant(self, np.zeros(latent_dim))
        self.whitening, self.colouring = (add_constant(self, np.eye(latent_dim)) for _ in range(2))
        self.whitening_log_det = add_constant(self, np.zeros(()))
        self.built = True

    def standardise(self, outer: Array) -> None:
        """Fit the last maps so that these outer latents, `(n, d)` as the flow now makes them, look like N(0, I).

        The marginal map gives them the quantiles of N(0, 1), the radial map the norms of N(0, I), and the linear map
        mean 0 and covariance I: the symmetric inverse root of their covariance, which moves them least (zero-phase
        whitening).
        """
        rounded = outer
        for ending in (self.marginal, self.radial):
            ending.fit(rounded)
            chunks = np.array_split(rounded, -(-len(rounded) // CHUNK_ROWS))
            rounded = np.concatenate([ops.convert_to_numpy(ending(chunk)[0]) for chunk in chunks])
        values, vectors = np.linalg.eigh(np.cov(rounded.astype(np.float64), rowvar=False))
        for weight, scale in ((self.whitening, values**-0.5), (self.colouring, values**0.5)):
            weight.assign(((vectors * scale) @ vectors.T).astype(np.float32))
        self.centre.assign(rounded.mean(axis=0, dtype=np.float64).astype(np.float32))
        self.whitening_log_det.assign(np.float32(-0.5 * np.log(values).sum()))

    def call(self, inner: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        """Return the outer latents `(n, d)` and log |det d outer / d inner| `(n,)`."""
        values, log_det = inner, ops.zeros_like(inner[:, 0])
        for number, rotation in enumerate(self.rotations):
            kept, moved = self._split(ops.matmul(values, rotation))
            log_scale, shift = self._propose(number, kept)
            values = ops.concatenate([kept, (moved + shift) * ops.exp(log_scale)], axis=-1)
            log_det = log_det + ops.sum(log_scale, axis=-1)
        for ending in (self.marginal, self.radial):
            values, ending_log_det = ending(values)
            log_det = log_det + ending_log_det
        return ops.matmul(values - self.centre, self.whitening), log_det + self.whitening_log_det

    def inverse(self, outer: KerasTensor) -> KerasTensor:
        """Return the inner latents `(n, d)` of outer ones."""
        values = self.radial.inverse(ops.matmul(outer, self.colouring) + self.centre)
        values = self.marginal.inverse(values)
        kept, moved = self._split(values)
        for number in reversed(range(len(self.networks))):
            scale, shift = self._propose_back(number, kept)
            values = ops.concatenate([kept, moved * scale + shift], axis=-1)
            # A product with each half of the rotation: cutting one product into halves costs one more operation.
            kept, moved = (ops.matmul(values, half) for half in self._split(ops.transpose(self.rotations[number])))
        return ops.concatenate([kept, moved], axis=-1)

    def _split(self, values: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        return values[:, : self.kept], values[:, self.kept :]

    def _propose(self, number: int, kept: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        log_scale, shift = ops.split(self.networks[number](kept), 2, axis=-1)
        return GREATEST_LOG_SCALE * ops.tanh(log_scale), shift

    def _propose_back(self, number: int, kept: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        """Return exp(-log_scale) and -shift for the results of `_propose`, `(n, d - kept)` each.

        Weights are negated and cut instead of results: freezing the network does that once, and the time of a single
        row depends more on the number of operations than on their size.
        """
        *hidden, last = self.networks[number].layers
        values = kept
        for layer in hidden:
            values = layer(values)
        kernels, biases = ops.split(-last.kernel, 2, axis=1), ops.split(-last.bias, 2)
        log_scale, shift = (ops.matmul(values, kernel) + bias for kernel, bias in zip(kernels, biases, strict=True))
        return ops.exp(GREATEST_LOG_SCALE * ops.tanh(log_scale)), shift
