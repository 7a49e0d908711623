"""The parts of classifiers' networks: functions from an input and a plan to an output, for images and signals alike."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from eval.keras_fitting import draw_seed

Tensor: TypeAlias = keras.KerasTensor
Part: TypeAlias = Callable[[Tensor, "NetworkPlan"], Tensor]
TORCH_SCALE = 1 / 3  # of a uniform kernel: its largest weight is then 1 / sqrt(fan_in), as in PyTorch's layers


@dataclass(frozen=True)
class NetworkPlan:
    """Common settings of the parts of one network.

    Attributes:
        dimensions: of an input without its channels: 2 for images, 1 for signals and vectors.
        random: draws the seeds of the layers.
        like_torch: whether kernels are initialised as in PyTorch instead of Keras.
        decay: the weight of half the squared kernels in the loss.
    """

    dimensions: int
    classes: int
    random: np.random.Generator
    like_torch: bool = False
    decay: float = 0.0

    def make_layer(self, kind: str, *arguments: Any, **options: Any) -> keras.layers.Layer:
        """Return the layer of that kind for these dimensions, Conv2D or Conv1D for `Conv`; a random one with a seed."""
        if kind.startswith("Random") or kind.endswith("Dropout"):
            options["seed"] = draw_seed(self.random)
        make = getattr(keras.layers, kind, None) or getattr(keras.layers, f"{kind}{self.dimensions}D")
        return make(*arguments, **options)

    def make_kernel(self) -> dict[str, Any]:
        """Return the options of a layer for the initialiser and the decay of its kernel."""
        scale, mode = (TORCH_SCALE, "fan_in") if self.like_torch else (1.0, "fan_avg")  # the latter as Glorot
        initializer = keras.initializers.VarianceScaling(scale, mode, "uniform", seed=draw_seed(self.random))
        regularizer = keras.regularizers.L2(self.decay / 2) if self.decay else None
        return {"kernel_initializer": initializer, "kernel_regularizer": regularizer}


def make_network(parts: Sequence[Part], shape: tuple[int, ...], plan: NetworkPlan) -> keras.Model:
    """Return a network from inputs of that shape, `(h, w)`, `(h, w, 3)` or `(t,)`, to the logits of the classes.

    Its last layer is dense; the features (`make_feature_model`) are the inputs of that layer.
    """
    inputs = keras.Input(shape)
    values = keras.layers.Reshape(shape if len(shape) == 3 else (*shape, 1))(inputs)
    for part in (*parts, dense()):
        values = part(values, plan)
    return keras.Model(inputs, values)


def make_feature_model(network: keras.Model) -> keras.Model:
    """Return the network without its last layer, from inputs to features; both share their weights."""
    return keras.Model(network.input, network.layers[-1].input)


def layer(kind: str, *arguments: Any, **options: Any) -> Part:
    """Return a layer of Keras without a kernel, by its name and arguments, as `NetworkPlan.make_layer` makes it."""
    return lambda values, plan: plan.make_layer(kind, *arguments, **options)(values)


def rescale(mean: float, std: float) -> Part:
    """Return a part that subtracts a mean, and divides by a standard deviation."""
    return lambda values, plan: keras.layers.Rescaling(1 / std, offset=-mean / std)(values)


def dense(units: int | None = None, activation: str | None = None) -> Part:
    """Return a dense layer of the flattened input; without `units`, it has one for each class."""

    def apply(values: Tensor, plan: NetworkPlan) -> Tensor:
        flat = values if values.ndim == 2 else keras.layers.Flatten()(values)
        return keras.layers.Dense(units or plan.classes, activation, **plan.make_kernel())(flat)

    return apply


def convolve(filters: int, size: int, activation: str | None = None, stride: int = 1, padding: int | str = 0) -> Part:
    """Return a convolution; `padding` is a number of zeros on each side, or Keras' own `same`."""

    def apply(values: Tensor, plan: NetworkPlan) -> Tensor:
        if isinstance(padding, int) and padding:
            values = plan.make_layer("ZeroPadding", padding)(values)
        kind = "same" if padding == "same" else "valid"
        options = plan.make_kernel()
        return plan.make_layer("Conv", filters, size, stride, kind, activation=activation, **options)(values)

    return apply


def recur(units: int) -> Part:
    """Return a gated recurrent unit that reads a signal from both ends; its output is the state at each point.

    Weights are initialised uniformly up to 1 / sqrt(units), as in PyTorch.
    """
    most = 1 / math.sqrt(units)

    def apply(values: Tensor, plan: NetworkPlan) -> Tensor:
        readers = []
        for backwards in (False, True):
            options = {
                f"{kind}_initializer": keras.initializers.RandomUniform(-most, most, seed=draw_seed(plan.random))
                for kind in ("kernel", "recurrent", "bias")
            }
            readers.append(keras.layers.GRU(units, return_sequences=True, go_backwards=backwards, **options))
        return keras.layers.Bidirectional(readers[0], backward_layer=readers[1])(values)

    return apply


def augment(turn: float, move: float, zoom: float) -> Part:
    """Return random changes of images in training: by shares of a full turn, of a side, and of the size.

    Signals pass unchanged.
    """

    def apply(values: Tensor, plan: NetworkPlan) -> Tensor:
        if plan.dimensions == 2:
            for kind, *shares in (("RandomRotation", turn), ("RandomTranslation", move, move), ("RandomZoom", zoom)):
                values = plan.make_layer(kind, *shares, fill_mode="constant", fill_value=0.0)(values)
        return values

    return apply


def add(*parts: Part) -> Part:
    """Return these parts in a row, with their input added to their output."""

    def apply(values: Tensor, plan: NetworkPlan) -> Tensor:
        result = values
        for part in parts:
            result = part(result, plan)
        return values + result

    return apply
