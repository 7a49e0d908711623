"""Monotone maps, exact both ways, that correct the errors of a flow in latents nearly N(0, I).

One maps each component to its normal quantiles: Chen and Gopinath, "Gaussianization", NIPS 2000. One maps the norm,
which for N(0, I) has the chi distribution with d degrees of freedom: Lyu and Simoncelli, "Nonlinear extraction of
independent components of natural images using radial Gaussianization", Neural Computation 2009. Both are piecewise
linear, and fitted to quantiles instead of trained.
"""

import keras
import numpy as np
from keras import KerasTensor, ops
from scipy.stats import chi, norm

from ld_data.typing import Array
from vae.model.layers import add_constant

PROBABILITIES = np.array([0.0005, 0.005, 0.02, 0.06, 0.15, 0.3, 0.5, 0.7, 0.85, 0.94, 0.98, 0.995, 0.9995])
LEAST_NORM = 1e-12


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
