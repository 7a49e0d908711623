"""Running a trained VAE over any number of rows, in chunks, with keyed noise."""

from collections.abc import Callable

import numpy as np
from keras import KerasTensor, ops

from ld_data.arrays import check_vectors
from ld_data.codec import Mode, check_mode
from ld_data.errors import InputError
from ld_data.noise import make_normals
from vae import gaussian
from vae.model import Vae

CHUNK_ROWS = 1024


def encode_rows(vae: Vae, inputs: np.ndarray, mode: Mode, seed: int, stream: int, first_row: int) -> np.ndarray:
    """Return latents `(n, d)` float32 of prepared inputs `(n, *input_shape)`.

    They are draws from the posterior, or, with mode "mean", what the flow makes of its mean.
    Row i draws noise that depends on `seed`, `stream` and `first_row` + i alone. Raises `InputError` for another mode,
    or if the latents overflow.
    """
    check_mode(mode)

    def encode(chunk: np.ndarray, start: int) -> KerasTensor:
        z_mean, z_log_var = vae.encoder(chunk)
        if mode == "mean":
            return vae.to_outer(z_mean)
        noise = _make_noise(vae, seed, stream, first_row + start, chunk)
        return vae.to_outer(gaussian.sample(z_mean, z_log_var, noise))

    latents = _in_chunks(encode, inputs)
    if not np.isfinite(latents).all():
        raise InputError("the inputs are so far from what the encoder was trained on that their latents overflow.")
    return latents


def decode_rows(vae: Vae, latents: object) -> np.ndarray:
    """Return the means of the likelihood `(n, *input_shape)` float32 for latents `(n, d)`.

    Raises `InputError` if the latents have another shape or are not finite.
    """
    checked = check_vectors(latents, vae.config.latent_dim)
    return _in_chunks(lambda chunk, _: vae.expected_input(vae.decoder(vae.to_inner(chunk))), checked)


def measure_rates(vae: Vae, inputs: np.ndarray, seed: int, stream: int) -> np.ndarray:
    """Return KL(q(z | input) || N(0, I)) in nats, `(n,)` float32, of prepared inputs `(n, *input_shape)`.

    With a flow an unbiased estimate, from one draw for each row.
    """

    def measure(chunk: np.ndarray, start: int) -> KerasTensor:
        z_mean, z_log_var = vae.encoder(chunk)
        return vae.rate(z_mean, z_log_var, _make_noise(vae, seed, stream, start, chunk))

    return _in_chunks(measure, inputs)


def compute_posteriors(vae: Vae, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `z_mean, z_log_var`, each `(n, d)` float32, of prepared inputs `(n, *input_shape)`."""
    both = _in_chunks(lambda chunk, _: ops.concatenate(vae.encoder(chunk), axis=1), inputs)
    z_mean, z_log_var = np.split(both, 2, axis=1)
    return z_mean, z_log_var


def _make_noise(vae: Vae, seed: int, stream: int, first_row: int, chunk: np.ndarray) -> np.ndarray:
    return make_normals(seed, stream, first_row, len(chunk), vae.config.latent_dim).astype(np.float32)


def _in_chunks(function: Callable[[np.ndarray, int], KerasTensor], rows: np.ndarray) -> np.ndarray:
    starts = range(0, len(rows), CHUNK_ROWS)
    return np.concatenate([ops.convert_to_numpy(function(rows[i : i + CHUNK_ROWS], i)) for i in starts])
