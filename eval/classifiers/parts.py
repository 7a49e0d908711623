"""Networks of classifiers, put together from parts that fit images and signals alike.

A part is given what comes in and the plan of its network, and returns what goes out.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from eval.keras_fitting import draw_seed

Part = Callable[[Any, "NetworkPlan"], Any]
TORCH_SCALE = 1 / 3  # of a uniform kernel: its greatest weight is then 1 / sqrt(fan_in), as PyTorch's layers begin


@dataclass(frozen=True)
class NetworkPlan:
    """What the parts of one network share.

    Attributes:
        dimensions: of an input without its channels: 2 for images, 1 for signals and vectors.
        classes: k.
        random: draws the seeds of its layers.
        like_torch: whether kernels begin as PyTorch's do, and not as Keras' own.
        decay: the weight of half the squared kernels in the loss.
    """

    dimensions: int
    classes: int
    random: np.random.Generator
    like_torch: bool = False
    decay: float = 0.0

    def make_layer(self, kind: str, *arguments: Any, **options: Any) -> keras.layers.Layer:
        """Return the layer of that kind for these dimensions, as Conv2D and Conv1D for `Conv`."""
        return getattr(keras.layers, f"{kind}{self.dimensions}D")(*arguments, **options)

    def make_kernel(self) -> dict[str, Any]:
        """Return the options of a layer that say how its kernel begins and decays."""
        seed = draw_seed(self.random)
        begin = keras.initializers.GlorotUniform(seed=seed)
        if self.like_torch:
            begin = keras.initializers.VarianceScaling(TORCH_SCALE, "fan_in", "uniform", seed=seed)
        return {
            "kernel_initializer": begin,
            "kernel_regularizer": keras.regularizers.L2(self.decay / 2) if self.decay else None,
        }


def make_network(parts: Sequence[Part], shape: tuple[int, ...], plan: NetworkPlan) -> keras.Model:
    """Return a network of inputs of that shape `(h, w)` or `(t,)`, whose outputs are the classes' logits.

    Its last layer is dense; what goes into it are the features that `make_feature_model` reads.
    """
    inputs = keras.Input(shape)
    values = keras.layers.Reshape((*shape, 1))(inputs)
    for part in (*parts, dense()):
        values = part(values, plan)
    return keras.Model(inputs, values)


def make_feature_model(network: keras.Model) -> keras.Model:
    """Return the network without its last layer: from inputs to features; it shares the network's weights."""
    return keras.Model(network.input, network.layers[-1].input)


def rescale(mean: float, std: float) -> Part:
    """Return the part that takes a mean off, and divides by a standard deviation."""
    return lambda values, plan: keras.layers.Rescaling(1 / std, offset=-mean / std)(values)


def dense(units: int | None = None, activation: str | None = None) -> Part:
    """Return a dense layer of all that comes in; without `units`, one for each class."""

    def apply(values: Any, plan: NetworkPlan) -> Any:
        flat = values if values.ndim == 2 else keras.layers.Flatten()(values)
        return keras.layers.Dense(units or plan.classes, activation, **plan.make_kernel())(flat)

    return apply


def convolve(filters: int, size: int, activation: str | None = None, stride: int = 1, padding: int | str = 0) -> Part:
    """Return a convolution; `padding` is a number of zeros on each side, or Keras' own `same`."""

    def apply(values: Any, plan: NetworkPlan) -> Any:
        if isinstance(padding, int) and padding:
            values = plan.make_layer("ZeroPadding", padding)(values)
        kind = "same" if padding == "same" else "valid"
        options = plan.make_kernel()
        return plan.make_layer("Conv", filters, size, stride, kind, activation=activation, **options)(values)

    return apply


def recur(units: int) -> Part:
    """Return a gated recurrent unit that reads a signal from both ends, and tells its state at each point.

    Weights begin uniform up to 1 / sqrt(units), as PyTorch's.
    """

    def apply(values: Any, plan: NetworkPlan) -> Any:
        forward, backward = (_make_gru(units, plan, backwards) for backwards in (False, True))
        return keras.layers.Bidirectional(forward, backward_layer=backward)(values)

    return apply


def _make_gru(units: int, plan: NetworkPlan, backwards: bool) -> keras.layers.Layer:
    begin = partial(keras.initializers.RandomUniform, -1 / math.sqrt(units), 1 / math.sqrt(units))
    names = ("kernel_initializer", "recurrent_initializer", "bias_initializer")
    options = {name: begin(seed=draw_seed(plan.random)) for name in names}
    return keras.layers.GRU(units, return_sequences=True, go_backwards=backwards, **options)


def pool(kind: str, size: int = 2) -> Part:
    """Return pooling, `Max` or `Average`, of neighbourhoods that do not overlap."""
    return lambda values, plan: plan.make_layer(f"{kind}Pooling", size)(values)


def augment(turn: float, move: float, zoom: float) -> Part:
    """Return random changes of images while they are trained on: shares of a full turn, of a side, and of the size.

    Signals pass as they are.
    """

    def apply(values: Any, plan: NetworkPlan) -> Any:
        if plan.dimensions == 2:
            options = {"fill_mode": "constant", "fill_value": 0.0}
            values = keras.layers.RandomRotation(turn, seed=draw_seed(plan.random), **options)(values)
            values = keras.layers.RandomTranslation(move, move, seed=draw_seed(plan.random), **options)(values)
            values = keras.layers.RandomZoom(zoom, seed=draw_seed(plan.random), **options)(values)
        return values

    return apply


def drop(rate: float) -> Part:
    """Return dropout of single values."""
    return lambda values, plan: keras.layers.Dropout(rate, seed=draw_seed(plan.random))(values)


def drop_channels(rate: float) -> Part:
    """Return dropout of whole channels."""
    return lambda values, plan: plan.make_layer("SpatialDropout", rate, seed=draw_seed(plan.random))(values)


def activate(name: str) -> Part:
    """Return an activation on its own."""
    return lambda values, plan: keras.layers.Activation(name)(values)


def normalise() -> Part:
    """Return batch normalisation that remembers about the last ten batches."""
    return lambda values, plan: keras.layers.BatchNormalization(momentum=0.9)(values)


def add(*parts: Part) -> Part:
    """Return these parts in a row, with what went in added to what comes out."""

    def apply(values: Any, plan: NetworkPlan) -> Any:
        result = values
        for part in parts:
            result = part(result, plan)
        return values + result

    return apply
