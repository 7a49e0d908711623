"""A decoder in Keras of the very architecture of a release: what a service would run that had not exported it.

A release has no Keras weights. These are random, which changes nothing about the speed.
"""

import json
from pathlib import Path

import keras
import numpy as np
from keras import KerasTensor

from vae.codec import CONFIG_NAME
from vae.config import VaeConfig
from vae.model.vae import Vae


class Decoder(keras.Model):
    """Maps latents to the means of the likelihood, through the inverse of the flow."""

    def __init__(self, vae: Vae) -> None:
        """Take the VAE."""
        super().__init__(name="decoder")
        self.vae = vae

    def call(self, latents: KerasTensor) -> KerasTensor:
        """Return `(n, *input_shape)` for latents `(n, d)`."""
        return self.vae.expected_input(self.vae.decoder(self.vae.to_inner(latents)))


def make_decoder(folder: Path) -> keras.Model:
    """Return the decoder of a release's architecture, called once, so that it is ready."""
    config = VaeConfig.from_json(json.loads((folder / CONFIG_NAME).read_text("utf-8"))["x"])
    decoder = Decoder(Vae(config))
    decoder(np.zeros((1, config.latent_dim), np.float32))
    return decoder
