"""The VAE: image, signal and class VAEs are one model under three configurations."""

import keras
from keras import KerasTensor, ops

from vae.config import VaeConfig
from vae.model import gaussian
from vae.model.flow import Flow
from vae.model.layers import Encoder, make_decoder


class Vae(keras.Model):
    """An encoder, a decoder, and optionally a flow between their latents and the published ones.

    The posterior is a Gaussian of the inner latents u. The published latents are z = flow(u), and without a flow u
    itself. The decoder sees u = inverse flow(z): as a VAE it has the posterior of flow(u) and the prior N(0, I) of z.

    Attributes:
        config: of the VAE.
        encoder: inputs `(n, *input_shape)` to `z_mean, z_log_var` of u, each `(n, d)`.
        decoder: inner latents `(n, d)` to the parameter of the likelihood, `(n, *input_shape)`.
        flow: inner latents to outer ones; None without couplings.
    """

    def __init__(self, config: VaeConfig) -> None:
        super().__init__(name="vae")
        self.config = config
        self.encoder, self.decoder, self.flow = Encoder(config), make_decoder(config), None
        if config.flow_couplings:
            self.flow = Flow(config.latent_dim, config.flow_couplings, config.flow_units, config.seed + 2)
        self(keras.Input(config.input_shape))  # makes the weights

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """Return the mean of the likelihood at the mean of the posterior: the reconstructed inputs."""
        return self.expected_input(self.decoder(self.encoder(inputs)[0]))

    def encode(self, inputs: KerasTensor, noise: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        """Return published latents `(n, d)`, drawn from the posteriors with noise `(n, d)`, and their rates `(n,)`."""
        z_mean, z_log_var = self.encoder(inputs)
        return self.to_outer(gaussian.sample(z_mean, z_log_var, noise)), self.rate(z_mean, z_log_var, noise)

    def decode(self, outer: KerasTensor) -> KerasTensor:
        """Return the means of the likelihood `(n, *input_shape)` for published latents `(n, d)`."""
        return self.expected_input(self.decoder(self.to_inner(outer)))

    def to_outer(self, inner: KerasTensor) -> KerasTensor:
        """Return the published latents `(n, d)` of inner ones."""
        return inner if self.flow is None else self.flow(inner)[0]

    def to_inner(self, outer: KerasTensor) -> KerasTensor:
        """Return the inner latents `(n, d)` of published ones: the exact inverse."""
        return outer if self.flow is None else self.flow.inverse(outer)

    def log_density(self, inner: KerasTensor) -> KerasTensor:
        """Return the log density of inner latents `(n, d)` where published ones are N(0, I), in nats: `(n,)`."""
        if self.flow is None:
            return gaussian.log_density(inner)
        outer, log_det = self.flow(inner)
        return gaussian.log_density(outer) + log_det

    def rate(self, z_mean: KerasTensor, z_log_var: KerasTensor, noise: KerasTensor) -> KerasTensor:
        """Return KL(q(z | input) || N(0, I)) in nats, `(n,)`: in closed form, or with a flow an unbiased estimate.

        The estimate is log q(u | input) - log p(u) at the draw u with this `noise` `(n, d)`.
        """
        if self.flow is None:
            return gaussian.rate(z_mean, z_log_var)
        posterior = gaussian.log_density(noise) - 0.5 * ops.sum(z_log_var, axis=-1)
        return posterior - self.log_density(gaussian.sample(z_mean, z_log_var, noise))

    def expected_input(self, output: KerasTensor) -> KerasTensor:
        """Return the mean of the likelihood: pixels in [0, 1], signal points, or class probabilities."""
        if self.config.has_pixels:
            return ops.sigmoid(output)
        return output if self.config.likelihood == "gaussian" else ops.softmax(output, axis=-1)
