"""How near the suggestions of a rule are to the gradient of the MSE, and its feedback to the transposed weights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from eval.rules.backpropagation import Backpropagation
from eval.rules.network import Network
from ld_data.errors import InputError
from ld_data.typing import Array, Floats

Figures = tuple[float | None, ...]  # of each layer; None where one of two arrays is zero or not finite
SAME = 1e-3  # relative difference up to which two answers are one, in float32


@dataclass(frozen=True)
class Probe:
    """A suggestion beside the gradient on the same batch and weights, layer by layer.

    Attributes:
        step: of the training, from 1 on.
        cosines: of the suggestion and the gradient.
        ratios: of their norms.
        angles: in degrees, between the feedback to each hidden layer and the transposed forward weights; empty for
            rules without feedback weights.
    """

    step: int
    cosines: Figures
    ratios: Figures
    angles: Figures


def find_gradient(network: Any, x: Floats, y: Floats) -> list[Floats] | None:
    """Return the gradient of half the squared error of a network's answer to x `(n, d)` to the weights of its layers.

    It is that of its own `differentiate(x, y)`, or else by backpropagation. None without the one, if the network is not
    the perceptron of `eval.rules.Network`: its weights have other shapes, or its answer is another.

    Raises:
        InputError: `differentiate` returns something else than an array in the shape of the weights of each layer.
    """
    weights = list_layers(network)
    if hasattr(network, "differentiate"):
        gradient = network.differentiate(x, y)
        shapes, found = [array.shape for array in weights], [np.shape(array) for array in gradient]
        if found != shapes:
            raise InputError(f"differentiate must return arrays of the shapes {shapes}; received {found}.")
        return list(gradient)
    if any(array.ndim != 2 for array in weights):
        return None
    sizes = [x.shape[1], *(array.shape[-1] for array in weights)]
    plain = [(rows + 1, columns) for rows, columns in pairwise(sizes)]
    if [array.shape for array in weights] != plain or sizes[-1] != y.shape[1]:
        return None
    twin = Backpropagation(sizes, np.random.default_rng(0))
    twin.weights = weights
    answer, expected = network.predict(x), twin.predict(x)
    if np.shape(answer) != y.shape or not is_close(answer, expected):
        return None
    return twin.suggest(x, y)


def list_layers(network: Any) -> list[Array]:
    """Return the weights of a network's layers, without those that the rule adds."""
    return list(network.weights[: network.layers if isinstance(network, Network) else None])


def is_close(first: Array, second: Array) -> bool:
    """Return whether two arrays are equal but for rounding in float32."""
    return bool(np.linalg.norm(np.subtract(first, second)) <= SAME * np.linalg.norm(second) + 1e-6)


def probe(network: Any, suggestion: Sequence[Array], x: Floats, y: Floats, step: int) -> Probe | None:
    """Return a suggestion beside the gradient; None as `find_gradient`."""
    gradient = find_gradient(network, x, y)
    if gradient is None:
        return None
    pairs = list(zip(suggestion, gradient, strict=False))
    ratios = tuple(_divide(float(np.linalg.norm(own)), float(np.linalg.norm(true))) for own, true in pairs)
    return Probe(step, tuple(measure_cosine(*pair) for pair in pairs), ratios, measure_angles(network))


def measure_angles(network: Any) -> Figures:
    """Return the angle in degrees between the feedback to each hidden layer and the transposed weights above it.

    `feedback` of a network has for each layer a matrix `(out, in)` as transposed weights have, or for each hidden layer
    one `(d, units)` straight from the output, which is compared with the product of all transposed weights above.
    """
    feedback = getattr(network, "feedback", None)
    if not isinstance(feedback, list | tuple) or not feedback:
        return ()
    forward = [weights[:-1].T for weights in list_layers(network)]
    if len(feedback) == len(forward):
        pairs = list(zip(feedback[1:], forward[1:], strict=True))
    else:
        chain = [forward[-1]]
        for weights in forward[-2:0:-1]:
            chain.insert(0, chain[0] @ weights)
        pairs = list(zip(feedback, chain, strict=False))
    if any(np.shape(back) != weights.shape for back, weights in pairs):
        return ()
    cosines = [measure_cosine(*pair) for pair in pairs]
    return tuple(None if cosine is None else math.degrees(math.acos(cosine)) for cosine in cosines)


def measure_cosine(first: Array, second: Array) -> float | None:
    """Return the cosine of two arrays of one shape; None if one of them is zero or not finite."""
    first, second = (np.ravel(array).astype(np.float64) for array in (first, second))
    cosine = _divide(float(first @ second), float(np.linalg.norm(first) * np.linalg.norm(second)))
    return None if cosine is None else min(1.0, max(-1.0, cosine))


def _divide(number: float, by: float) -> float | None:
    quotient = number / by if by else math.nan
    return quotient if math.isfinite(quotient) else None
