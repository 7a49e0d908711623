"""Encoders and decoders, on any Keras backend.

An encoder maps inputs to `(z_mean, z_log_var)`, a decoder maps latents to the parameter of its likelihood: logits of
pixels, means of signal points, logits of classes.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from ld_data.typing import Array
from vae.config import VaeConfig


class Parts:
    """Makes layers, each with a seed of its own, so that weights do not depend on Keras' global random state."""

    def __init__(self, seed: int) -> None:
        self._seeds = np.random.default_rng(seed)

    def make(self, kind: type[keras.layers.Layer], *arguments: Any, **options: Any) -> keras.layers.Layer:
        """Return a layer of that kind, its kernel drawn from the next seed."""
        initializer = keras.initializers.GlorotUniform(seed=int(self._seeds.integers(2**31)))
        return kind(*arguments, kernel_initializer=initializer, **options)


class Encoder(keras.layers.Layer):
    """Maps images `(n, h, w)` or `(n, h, w, 3)`, or signals `(n, t)`, to `z_mean, z_log_var`, each `(n, d)`.

    First stride-2 convolutions, then dense layers. Without either it is linear, as in the class VAE. With a
    `posterior_std` above 0 every posterior has that standard deviation, and only z_mean is learned.
    """

    def __init__(self, config: VaeConfig) -> None:
        super().__init__(name="encoder")
        self.posterior_std = config.posterior_std
        parts, dense, activation = Parts(config.seed), keras.layers.Dense, config.activation
        convolution = keras.layers.Conv1D if len(config.input_shape) == 1 else keras.layers.Conv2D
        options = {"strides": 2, "padding": "same", "activation": activation}
        self.convolutions = [parts.make(convolution, channels, 3, **options) for channels in config.encoder_filters]
        self.hidden = [parts.make(dense, width, activation) for width in config.encoder_units]
        self.posterior = parts.make(dense, config.latent_dim if self.posterior_std else 2 * config.latent_dim)

    def call(self, inputs: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        """Return `z_mean, z_log_var`."""
        values = inputs if len(inputs.shape) == 4 else ops.expand_dims(inputs, -1)
        for convolution in self.convolutions:
            values = convolution(values)
        values = ops.reshape(values, (-1, math.prod(values.shape[1:])))
        for layer in (*self.hidden, self.posterior):
            values = layer(values)
        if self.posterior_std:
            return values, ops.full_like(values, 2 * math.log(self.posterior_std))
        z_mean, z_log_var = ops.split(values, 2, axis=-1)
        return z_mean, z_log_var


def make_decoder(config: VaeConfig) -> keras.Sequential:
    """Return dense layers from latents `(n, d)` to `(n, *input_shape)`, without an activation at the end."""
    parts, dense = Parts(config.seed + 1), keras.layers.Dense
    hidden = [parts.make(dense, width, config.activation) for width in config.decoder_units]
    last = parts.make(dense, math.prod(config.input_shape))
    latents, reshape = keras.Input((config.latent_dim,)), keras.layers.Reshape(config.input_shape)
    return keras.Sequential([latents, *hidden, last, reshape], name="decoder")


def add_constant(layer: keras.layers.Layer, values: Array) -> keras.Variable:
    """Return a weight of a layer that starts with these values and is not trained."""
    weight = layer.add_weight(values.shape, trainable=False)
    weight.assign(values.astype(np.float32))
    return weight
