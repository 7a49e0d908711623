"""The VAE: image, signal and class VAEs are one model under three configurations."""

from typing import Any

import keras
from keras import KerasTensor, ops

from vae import gaussian
from vae.config import VaeConfig
from vae.layers import Decoder, Encoder


class Vae(keras.Model):
    """An encoder, a decoder, and the loss: reconstruction + beta * rate, both in nats a row, summed over dimensions.

    Attributes:
        config: what it was made from.
        encoder: inputs `(n, *input_shape)` to `z_mean, z_log_var`, each `(n, d)`.
        decoder: latents `(n, d)` to the parameter of the likelihood, `(n, *input_shape)`.
    """

    def __init__(self, config: VaeConfig) -> None:
        """Make the layers from the configuration; weights and noise follow its seed."""
        super().__init__(name="vae")
        shape = config.input_shape
        self.config = config
        self.encoder = Encoder(
            len(shape), config.latent_dim, config.encoder_filters, config.encoder_units, config.seed, name="encoder"
        )
        self.decoder = Decoder(shape, config.decoder_units, config.seed + 1, name="decoder")
        self.noise_seed = keras.random.SeedGenerator(config.seed)
        self.reconstruction_metric = keras.metrics.Mean(name="reconstruction")
        self.rate_metric = keras.metrics.Mean(name="rate")
        self.encoder.build((None, *shape))
        self.decoder.build((None, config.latent_dim))
        self.build((None, *shape))

    def call(self, inputs: KerasTensor) -> tuple[KerasTensor, KerasTensor, KerasTensor]:
        """Return `output, z_mean, z_log_var`: the answer to one draw from the posterior, and the posterior."""
        z_mean, z_log_var = self.encoder(inputs)
        noise = keras.random.normal(ops.shape(z_mean), seed=self.noise_seed)
        return self.decoder(gaussian.sample(z_mean, z_log_var, noise)), z_mean, z_log_var

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> KerasTensor:
        """Return the loss of a batch, a scalar, and record its two terms; the signature is Keras'."""
        output, z_mean, z_log_var = y_pred
        reconstruction = ops.mean(self.reconstruction(x, output))
        rate = ops.mean(gaussian.rate(z_mean, z_log_var))
        self.reconstruction_metric.update_state(reconstruction)
        self.rate_metric.update_state(rate)
        return reconstruction + self.config.beta * rate

    def reconstruction(self, inputs: KerasTensor, output: KerasTensor) -> KerasTensor:
        """Return the negative log likelihood of inputs given the decoder's output, in nats: `(n,)`.

        For the gaussian likelihood without its constant, which no weight changes.
        """
        axes = tuple(range(1, len(self.config.input_shape) + 1))
        if self.config.likelihood == "bernoulli":
            return ops.sum(ops.softplus(output) - inputs * output, axis=axes)
        if self.config.likelihood == "gaussian":
            return 0.5 * ops.sum(ops.square((inputs - output) / self.config.noise_std), axis=axes)
        return -ops.sum(inputs * ops.log_softmax(output, axis=-1), axis=axes)

    def expected_input(self, output: KerasTensor) -> KerasTensor:
        """Return the mean of the likelihood: pixels in [0, 1], signal points, or class probabilities."""
        if self.config.likelihood == "bernoulli":
            return ops.sigmoid(output)
        return output if self.config.likelihood == "gaussian" else ops.softmax(output, axis=-1)
