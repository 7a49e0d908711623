"""A trained VAE without its training framework: its two networks, run over any number of rows with keyed noise."""

from dataclasses import dataclass

import numpy as np

from ld_data.arrays import check_vectors
from ld_data.codec import Mode, check_mode
from ld_data.errors import InputError
from ld_data.noise import make_normals
from vae.config import VaeConfig
from vae.network import Network


@dataclass(frozen=True)
class FrozenVae:
    """A VAE as it is published: what `vae.freezing` makes of one that was trained.

    Attributes:
        config: what it was made from.
        encoder: inputs `(n, *input_shape)` and standard normal noise `(n, d)` to draws from the posterior `(n, d)`, and
            their rates `(n,)`: see `vae.model.Vae.rate`.
        decoder: latents `(n, d)` to the means of the likelihood `(n, *input_shape)`.
    """

    config: VaeConfig
    encoder: Network
    decoder: Network

    def __post_init__(self) -> None:
        """Raise `InputError` if a network takes other shapes than the configuration says."""
        latents = (self.config.latent_dim,)
        expected = {"inputs": self.config.input_shape, "noise": latents}, {"latents": latents}
        received = self.encoder.inputs, self.decoder.inputs
        if received != expected:
            raise InputError(f"expected an encoder and a decoder of {expected}; received networks of {received}.")

    def encode(self, inputs: np.ndarray, mode: Mode, seed: int, stream: int, first_row: int) -> np.ndarray:
        """Return latents `(n, d)` float32 of prepared inputs `(n, *input_shape)`.

        They are draws from the posterior, or, with mode "mean", what the flow makes of its mean.
        Row i draws noise that depends on `seed`, `stream` and `first_row` + i alone. Raises `InputError` for another
        mode, or if the latents overflow.
        """
        check_mode(mode)
        shape = (len(inputs), self.config.latent_dim)
        noise = np.zeros(shape, np.float32) if mode == "mean" else make_normals(seed, stream, first_row, *shape)
        latents, _ = self.encoder.run(inputs, noise.astype(np.float32, copy=False))
        if not np.isfinite(latents).all():
            raise InputError("the inputs are so far from what the encoder was trained on that their latents overflow.")
        return latents

    def measure_rates(self, inputs: np.ndarray, seed: int, stream: int) -> np.ndarray:
        """Return KL(q(z | input) || N(0, I)) in nats, `(n,)` float32, of prepared inputs `(n, *input_shape)`.

        With a flow an unbiased estimate, from one draw for each row.
        """
        noise = make_normals(seed, stream, 0, len(inputs), self.config.latent_dim)
        return self.encoder.run(inputs, noise.astype(np.float32))[1]

    def decode(self, latents: object) -> np.ndarray:
        """Return the means of the likelihood `(n, *input_shape)` float32 for latents `(n, d)`.

        Raises `InputError` if the latents have another shape or are not finite.
        """
        return self.decoder.run(check_vectors(latents, self.config.latent_dim))[0]
