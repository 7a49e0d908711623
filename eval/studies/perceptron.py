"""A small perceptron in float32 numpy and its training, like those of MNIST-1D's notebooks in PyTorch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from eval.rules.network import Adam, apply
from ld_data.typing import Array

Order: TypeAlias = Literal["shuffled", "fixed"]
Loss: TypeAlias = Callable[[Array, Array], tuple[Array, Array]]
Watch: TypeAlias = Callable[[int], object]


@dataclass(frozen=True)
class Training:
    """The plan of a training.

    Attributes:
        rate: the learning rate at the start.
        steps: updates of the weights.
        batch_rows: rows a step.
        momentum: of plain steps; None for Adam.
        order: "shuffled" draws a new order of the rows for each pass; "fixed" takes the rows as they come.
        halved: the number of steps after which the rate of plain steps is halved, again and again; None for never.
    """

    rate: float
    steps: int
    batch_rows: int = 100
    momentum: float | None = None
    order: Order = "shuffled"
    halved: int | None = None


class Perceptron:
    """A perceptron of rectified units with a linear layer on top.

    Weights and biases start uniform within 1 / sqrt(inputs of the layer), as in PyTorch.

    Attributes:
        values: all learned values `(p,)`, which the training changes in place.
        weights: views of them, for each layer `(in + 1, out)`, the biases last.
        skip: whether the input of a hidden layer of equal width is added to its output.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        random: np.random.Generator,
        *,
        skip: bool = False,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        shapes = [(rows + 1, columns) for rows, columns in pairwise(sizes)]
        drawn = [random.uniform(-1, 1, shape) / np.sqrt(shape[0] - 1) for shape in shapes]
        self.values: Array = np.concatenate([layer.ravel() for layer in drawn]).astype(dtype)
        self.weights = cut(self.values, shapes)
        self.skip = skip
        self._gradient = np.zeros_like(self.values)
        self._gradients = cut(self._gradient, shapes)

    def predict(self, x: Array) -> Array:
        """Return the output `(n, k)` for x `(n, d)`."""
        return self._run(x)[-1][-1]

    def find_gradient(self, x: Array, targets: Array, loss: Loss) -> tuple[float, Array]:
        """Return the mean loss of a batch, and its gradient `(p,)`, which the next call overwrites."""
        inputs, bent = self._run(x)
        losses, slope = loss(bent[-1], targets)
        above, ones = slope / len(x), np.ones(len(x), slope.dtype)
        for layer in reversed(range(len(self.weights))):
            delta = above if layer == len(self.weights) - 1 else above * (bent[layer] > 0)
            np.matmul(inputs[layer].T, delta, out=self._gradients[layer][:-1])
            np.matmul(ones, delta, out=self._gradients[layer][-1])
            if layer:
                below = delta @ self.weights[layer][:-1].T
                above = below + above if self._skips(layer) else below
        return float(losses.mean()), self._gradient

    def _run(self, x: Array) -> tuple[list[Array], list[Array]]:
        """Return the input of each layer, and its output before the addition of a skipped input."""
        inputs, bent = [x], []
        for layer, weights in enumerate(self.weights[:-1]):
            sums = apply(weights, inputs[-1])
            bent.append(np.maximum(sums, 0, out=sums))
            inputs.append(inputs[-1] + bent[-1] if self._skips(layer) else bent[-1])
        return inputs, [*bent, apply(self.weights[-1], inputs[-1])]

    def _skips(self, layer: int) -> bool:
        rows, columns = self.weights[layer].shape
        return self.skip and rows - 1 == columns and 0 < layer < len(self.weights) - 1


def make_he_perceptron(sizes: Sequence[int], random: np.random.Generator) -> Perceptron:
    """Return a perceptron whose weights start uniform with a variance of 2 / inputs (He et al., 2015), biases at 0."""
    network = Perceptron(sizes, random)
    for layer in network.weights:
        layer[:-1] *= np.sqrt(6)
        layer[-1] = 0
    return network


def train(
    network: Perceptron,
    x: Array,
    targets: Array,
    loss: Loss,
    plan: Training,
    random: np.random.Generator,
    *,
    mask: Array | None = None,
    watch: Watch | None = None,
) -> None:
    """Train a network on x `(n, d)` and targets `(n, k)`; `watch` gets the number of steps after each one.

    A mask `(p,)` of 0 and 1 sets values of the network to 0 and keeps them there.
    """
    values, adam, velocity = network.values, Adam([network.values]), np.zeros_like(network.values)
    if mask is not None:
        values *= mask
    for step, (inputs, wanted) in enumerate(iterate_batches(x, targets, plan, random), 1):
        gradient = network.find_gradient(inputs, wanted, loss)[1]
        if mask is not None:
            gradient *= mask
        if plan.momentum is None:
            adam.step([values], [gradient], plan.rate)
        else:
            velocity *= values.dtype.type(plan.momentum)
            velocity += gradient
            halvings = (step - 1) // plan.halved if plan.halved else 0
            values -= values.dtype.type(plan.rate / 2**halvings) * velocity
        if watch:
            watch(step)


def iterate_batches(
    x: Array, targets: Array, plan: Training, random: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield the x and targets of each step; a shuffled pass leaves out the rows beyond its last full batch.

    Rows in fixed order start at step * batch_rows mod n, as in MNIST-1D's `train.py`.
    """
    rows, size = len(x), min(plan.batch_rows, len(x))
    batches = rows // size
    for step in range(plan.steps):
        start = step * size % rows
        if plan.order == "shuffled":
            if step % batches == 0:
                order = random.permutation(rows)
                x, targets = x[order], targets[order]
            start = step % batches * size
        yield x[start : start + size], targets[start : start + size]


def cross_entropy(outputs: Array, targets: Array) -> tuple[Array, Array]:
    """Return the negative log-likelihood `(n,)` of targets `(n, k)` under logits `(n, k)`, and its slope `(n, k)`."""
    wanted = targets.T
    shifted = outputs.T.copy()  # sums and maxima over classes are four times as fast along the first axis
    shifted -= shifted.max(axis=0)
    shares = np.exp(shifted)
    totals = shares.sum(axis=0)
    losses = np.log(totals) - (shifted * wanted).sum(axis=0)
    shares /= totals
    shares -= wanted
    return losses, shares.T


def squared_error(outputs: Array, targets: Array) -> tuple[Array, Array]:
    """Return the mean squared error of each row `(n,)` over its k outputs, and its slope `(n, k)`."""
    gaps = outputs - targets
    return np.square(gaps).mean(axis=1), gaps * gaps.dtype.type(2 / gaps.shape[1])


LOSSES: dict[str, Loss] = {"nll": cross_entropy, "mse": squared_error}


def cut(values: Array, shapes: Sequence[tuple[int, int]]) -> list[Array]:
    """Return views of consecutive parts of values `(p,)` in these shapes."""
    ends = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(values, ends), shapes, strict=True)]
