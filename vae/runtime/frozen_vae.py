"""A trained VAE without its training framework: its two networks, run over any number of rows with keyed noise."""

from dataclasses import dataclass

import numpy as np

from ld_data.errors import InputError
from ld_data.noise import make_normals
from ld_data.protocols import Mode, check_mode
from ld_data.typing import Array, Floats
from vae.config import VaeConfig
from vae.runtime.onnx_network import Network


@dataclass(frozen=True)
class FrozenVae:
    """A VAE as it is published; `vae.training.onnx_export` makes it of a trained one.

    Attributes:
        config: of the VAE.
        encoder: inputs `(n, *input_shape)` and standard normal noise `(n, d)` to draws from the posterior `(n, d)`, and
            their rates `(n,)`: see `vae.model.vae.Vae.rate`.
        decoder: latents `(n, d)` to the means of the likelihood `(n, *input_shape)`.
    """

    config: VaeConfig
    encoder: Network
    decoder: Network

    def __post_init__(self) -> None:
        """Raise `InputError` if a network takes other shapes than the configuration."""
        latents = (self.config.latent_dim,)
        expected = {"inputs": self.config.input_shape, "noise": latents}, {"latents": latents}
        received = self.encoder.inputs, self.decoder.inputs
        if received != expected:
            raise InputError(f"expected an encoder and a decoder of {expected}; received networks of {received}.")

    def make_noise(self, mode: Mode, seed: int, stream: int, first_row: int, rows: int) -> Floats:
        """Return the noise `(rows, d)` float32 of a draw, or for mode "mean" zeros.

        Row i depends only on `seed`, `stream` and `first_row` + i.

        Raises:
            InputError: the mode is unknown, or the seed or a row is out of range.
        """
        check_mode(mode)
        noise = make_normals(seed, stream, first_row, rows, self.config.latent_dim).astype(np.float32)
        return noise if mode == "sample" else np.zeros_like(noise)

    def run_encoder(self, inputs: Array, noise: Array) -> Floats:
        """Return latents `(n, d)` float32 of prepared inputs `(n, *input_shape)` and noise `(n, d)`."""
        return self.encoder.run(inputs, noise)[0]

    def measure_rates(self, inputs: Array, noise: Array) -> Floats:
        """Return KL(q(z | input) || N(0, I)) in nats, `(n,)` float32; with a flow an estimate by this noise."""
        return self.encoder.run(inputs, noise)[1]

    def run_decoder(self, latents: Array) -> Floats:
        """Return the means of the likelihood `(n, *input_shape)` float32 for latents `(n, d)` float32."""
        return self.decoder.run(latents)[0]
