"""Encoders and decoders: registered Keras layers, on any Keras backend.

An encoder maps inputs to `(z_mean, z_log_var)`, a decoder maps latents to the parameter of its likelihood: logits of
pixels, means of signal points, logits of classes. Each layer seeds its own weights, which therefore do not depend on
Keras' global random state.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

PACKAGE = "ld_data"
ENCODER_ARGUMENTS = ("input_dims", "latent_dim", "filters", "units", "posterior_std", "activation", "seed")
CONVOLUTIONS = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D}


class Parts:
    """Makes the layers inside a layer, each with its own seed and with a name that does not count up in a process.

    Keras writes names into weight files; equal weights must give equal bytes.
    """

    def __init__(self, seed: int) -> None:
        self._seeds = np.random.default_rng(seed)

    def make(self, kind: type[keras.layers.Layer], name: str, *arguments: Any, **options: Any) -> keras.layers.Layer:
        """Return a layer of that kind and name, its kernel drawn from the next seed."""
        initializer = keras.initializers.GlorotUniform(seed=int(self._seeds.integers(2**31)))
        return kind(*arguments, name=name, kernel_initializer=initializer, **options)


@keras.saving.register_keras_serializable(package=PACKAGE)
class Encoder(keras.layers.Layer):
    """Maps images `(n, h, w)` or signals `(n, t)` to `z_mean, z_log_var`, each `(n, d)`.

    First stride-2 convolutions, then dense layers. Without either it is linear, as in the class VAE. With a
    `posterior_std` above 0 every posterior has that standard deviation, and only z_mean is learned.
    """

    def __init__(
        self,
        input_dims: int,
        latent_dim: int,
        filters: Sequence[int],
        units: Sequence[int] = (),
        posterior_std: float = 0.0,
        activation: str = "relu",
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        """Take the input axes (1 or 2), d, the channels, the dense widths, the posterior, the activation, the seed."""
        super().__init__(**kwargs)
        self.input_dims, self.latent_dim, self.posterior_std = input_dims, latent_dim, posterior_std
        self.activation, self.seed = activation, seed
        self.filters, self.units = tuple(filters), tuple(units)
        parts, dense, convolution = Parts(seed), keras.layers.Dense, CONVOLUTIONS[input_dims]
        options = {"strides": 2, "padding": "same", "activation": activation}
        self.convolutions = [
            parts.make(convolution, f"convolution_{i}", channels, 3, **options)
            for i, channels in enumerate(self.filters)
        ]
        self.hidden = [parts.make(dense, f"hidden_{i}", width, activation) for i, width in enumerate(self.units)]
        self.posterior = parts.make(dense, "posterior", latent_dim if posterior_std else 2 * latent_dim)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, layer after layer."""
        shape: tuple[Any, ...] = (*input_shape, 1)
        for convolution in self.convolutions:
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)
        shape = (None, math.prod(shape[1:]))
        for layer in (*self.hidden, self.posterior):
            layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def call(self, inputs: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        """Return `z_mean, z_log_var`."""
        values = ops.expand_dims(inputs, -1)
        for convolution in self.convolutions:
            values = convolution(values)
        values = ops.reshape(values, (-1, math.prod(values.shape[1:])))
        for layer in self.hidden:
            values = layer(values)
        if self.posterior_std:
            z_mean = self.posterior(values)
            return z_mean, ops.full_like(z_mean, 2 * math.log(self.posterior_std))
        z_mean, z_log_var = ops.split(self.posterior(values), 2, axis=-1)
        return z_mean, z_log_var

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        own = {name: getattr(self, name) for name in ENCODER_ARGUMENTS}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package=PACKAGE)
class Decoder(keras.layers.Layer):
    """Dense layers from latents `(n, d)` to `(n, *output_shape)`, without an activation at the end."""

    def __init__(
        self, output_shape: Sequence[int], units: Sequence[int], activation: str = "relu", seed: int = 0, **kwargs: Any
    ) -> None:
        """Take the shape of one output, the hidden widths, their activation, and the seed."""
        super().__init__(**kwargs)
        self.target_shape, self.units = tuple(output_shape), tuple(units)
        self.activation, self.seed = activation, seed
        parts, dense = Parts(seed), keras.layers.Dense
        self.hidden = [parts.make(dense, f"hidden_{i}", width, activation) for i, width in enumerate(self.units)]
        self.last = parts.make(dense, "last", math.prod(self.target_shape))
        self.reshape = keras.layers.Reshape(self.target_shape, name="reshape")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights, layer after layer."""
        shape = tuple(input_shape)
        for layer in (*self.hidden, self.last):
            layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def call(self, latents: KerasTensor) -> KerasTensor:
        """Return logits or means, `(n, *output_shape)`."""
        values = latents
        for layer in self.hidden:
            values = layer(values)
        return self.reshape(self.last(values))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        own = {"output_shape": self.target_shape, "units": self.units, "activation": self.activation, "seed": self.seed}
        return {**super().get_config(), **own}
