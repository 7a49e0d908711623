"""An invertible flow: affine couplings between fixed rotations, exact both ways.

Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP", ICLR 2017; fixed rotations instead of
permutations, as in Kingma and Dhariwal, "Glow", NeurIPS 2018, without learning them.

After the couplings, maps that are fitted and not trained correct the remaining errors. One maps each component to its
normal quantiles: Chen and Gopinath, "Gaussianization", NIPS 2000. One maps the norm, which for N(0, I) has the chi
distribution with d degrees of freedom: Lyu and Simoncelli, "Nonlinear extraction of independent components of natural
images using radial Gaussianization", Neural Computation 2009. Both are piecewise linear. The last one is linear.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import KerasTensor, ops
from scipy.stats import chi, norm

from ld_data.typing import Array
from vae.model.layers import Parts, add_constant

CHUNK_ROWS = 8192
GREATEST_LOG_SCALE = 1.0  # of one coupling: its factors lie between 1/e and e, so that the inverse is well conditioned
PROBABILITIES = np.array([0.0005, 0.005, 0.02, 0.06, 0.15, 0.3, 0.5, 0.7, 0.85, 0.94, 0.98, 0.995, 0.9995])
LEAST_NORM = 1e-12


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


class _Knots(keras.layers.Layer):
    """A piecewise linear function for each of m columns, given by its knots; the identity until they are set."""

    def __init__(self, columns: int, knots: int) -> None:
        super().__init__()
        rising = np.broadcast_to(np.arange(knots), (columns, knots))
        self.before, self.after = add_constant(self, rising), add_constant(self, rising)
        self.built = True

    def _set_knots(self, before: Array, after: Array) -> None:
        self.before.assign(before.astype(np.float32))
        self.after.assign(np.broadcast_to(after, before.shape).astype(np.float32))


class MarginalMap(_Knots):
    """Maps each component of latents `(n, d)` by its own function."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__(latent_dim, len(PROBABILITIES))

    def fit(self, latents: Array) -> None:
        """Set the functions so that the components of these latents, `(n, d)`, get the quantiles of N(0, 1)."""
        self._set_knots(np.quantile(latents, PROBABILITIES, axis=0).T, norm.ppf(PROBABILITIES))

    def call(self, latents: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        """Return the mapped latents `(n, d)` and log |det| of the map's Jacobian, `(n,)`."""
        mapped, slope = interpolate(latents, self.before, self.after)
        return mapped, ops.sum(ops.log(slope), axis=1)

    def inverse(self, mapped: KerasTensor) -> KerasTensor:
        """Return the latents `(n, d)` of mapped ones."""
        return interpolate(mapped, self.after, self.before)[0]


class RadialMap(_Knots):
    """Maps latents `(n, d)` along their rays, by a function of the norm."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__(1, len(PROBABILITIES) + 1)  # the origin comes first
        self.latent_dim = latent_dim

    def fit(self, latents: Array) -> None:
        """Set the function so that the norms of these latents, `(n, d)`, get the quantiles of those of N(0, I)."""
        norms = np.linalg.norm(latents.astype(np.float64), axis=1)
        quantiles = np.quantile(norms, PROBABILITIES), chi.ppf(PROBABILITIES, self.latent_dim)
        self._set_knots(*(np.concatenate([[0.0], values])[None] for values in quantiles))

    def call(self, latents: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        """Return the mapped latents `(n, d)` and log |det| of the map's Jacobian, `(n,)`."""
        norms = _measure_norms(latents)
        mapped, slope = interpolate(norms, self.before, self.after)
        factor = mapped / norms
        return latents * factor, (ops.log(slope) + (self.latent_dim - 1) * ops.log(factor))[:, 0]

    def inverse(self, mapped: KerasTensor) -> KerasTensor:
        """Return the latents `(n, d)` of mapped ones."""
        norms = _measure_norms(mapped)
        return mapped * (interpolate(norms, self.after, self.before)[0] / norms)


def interpolate(values: KerasTensor, before: KerasTensor, after: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
    """Return values `(n, m)` mapped by piecewise linear functions, and the slopes there, both `(n, m)`.

    The function of a column takes the knots `before`, `(m, q)` in rising order, to `after`, and is linear beyond them.
    """
    slopes = (after[:, 1:] - after[:, :-1]) / (before[:, 1:] - before[:, :-1])
    bends = slopes[:, 1:] - slopes[:, :-1]
    beyond = values[:, :, None] - before[:, 1:-1]
    mapped = after[:, 0] + slopes[:, 0] * (values - before[:, 0]) + ops.sum(bends * ops.relu(beyond), axis=2)
    return mapped, slopes[:, 0] + ops.sum(bends * ops.cast(beyond > 0, values.dtype), axis=2)


def _measure_norms(latents: KerasTensor) -> KerasTensor:
    return ops.maximum(ops.norm(latents, axis=1, keepdims=True), LEAST_NORM)
