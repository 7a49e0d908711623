"""Draws from a Keras VAE over any number of rows, in chunks, with keyed noise."""

from collections.abc import Callable

import numpy as np
from keras import KerasTensor, ops

from ld_data.noise import make_normals
from ld_data.typing import Array, Floats
from vae.model import gaussian
from vae.model.vae import Vae

CHUNK_ROWS = 1024


def draw_latents(vae: Vae, inputs: Array, seed: int, stream: int) -> Floats:
    """Return draws from the posteriors of inputs `(n, *input_shape)`: published latents `(n, d)` float32.

    The noise of row i depends only on `seed`, `stream` and i.
    """

    def draw(chunk: Array, start: int) -> KerasTensor:
        noise = make_normals(seed, stream, start, len(chunk), vae.config.latent_dim).astype(np.float32)
        z_mean, z_log_var = vae.encoder(chunk)
        return vae.to_outer(gaussian.sample(z_mean, z_log_var, noise))

    return _in_chunks(draw, inputs)


def compute_posteriors(vae: Vae, inputs: Array) -> tuple[Array, Array]:
    """Return `z_mean, z_log_var`, each `(n, d)` float32, of prepared inputs `(n, *input_shape)`."""
    both = _in_chunks(lambda chunk, _: ops.concatenate(vae.encoder(chunk), axis=1), inputs)
    z_mean, z_log_var = np.split(both, 2, axis=1)
    return z_mean, z_log_var


def _in_chunks(function: Callable[[Array, int], KerasTensor], rows: Array) -> Array:
    starts = range(0, len(rows), CHUNK_ROWS)
    return np.concatenate([ops.convert_to_numpy(function(rows[i : i + CHUNK_ROWS], i)) for i in starts])
