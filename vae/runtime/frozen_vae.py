"""A trained VAE without its training framework: its two networks, run over any number of rows with keyed noise."""

from dataclasses import dataclass

import numpy as np

from ld_data.errors import InputError
from ld_data.noise import make_normals
from ld_data.protocols import Mode, check_mode
from ld_data.typing import Floats
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
        """
        check_mode(mode)
        noise = make_normals(seed, stream, first_row, rows, self.config.latent_dim).astype(np.float32)
        return noise if mode == "sample" else np.zeros_like(noise)
