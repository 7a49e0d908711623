"""The network that all learning rules train, and the training loop that they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import ClassVar, Self

import numpy as np

from eval.rules.facts import Facts
from ld_data.checks import check_integer
from ld_data.errors import InputError
from ld_data.extras import import_library
from ld_data.progress import show_progress
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Array, Floats, Integers

HELD_OUT = 0.1
MOST = 10**9  # units, epochs or rows of a plan
FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class RulePlan:
    """The plan of a training.

    Attributes:
        units: of the hidden layers.
        learning_rate: of Adam at the start; it falls to 0 along a cosine.
        epochs: passes over nine tenths of the training rows; the last tenth chooses the weights of the best epoch, or
            those at the start.
        batch_rows: rows a step.
    """

    units: tuple[int, ...] = (256, 256)
    learning_rate: float = 1e-3
    epochs: int = 20
    batch_rows: int = 128

    def __post_init__(self) -> None:
        """Raise `InputError` for values that no training can have; units become a tuple, numbers those of Python."""
        if not isinstance(self.units, list | tuple):
            raise InputError(f"units must be a tuple of integers, as in (256, 256); received {self.units!r}.")
        units = tuple(check_integer("units of a hidden layer", number, 1, MOST) for number in self.units)
        object.__setattr__(self, "units", units)
        for name in ("epochs", "batch_rows"):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), 1, MOST))
        rate = self.learning_rate
        if not isinstance(rate, Real) or not 0 < rate < np.inf:
            raise InputError(f"learning_rate must be a finite number above 0; received {rate!r}.")
        object.__setattr__(self, "learning_rate", float(rate))


class Network:
    """A multilayer perceptron of tanh layers with a linear one on top, which first answers 0; a rule adds `suggest`.

    Attributes:
        plan: of the rule's training as a baseline.
        facts: that the rule declares about itself, if it does.
        version: a number that a change of what the rule suggests raises, so that kept trials are made anew.
        random: the generator that drew the weights, for further draws of the rule.
        weights: the learned arrays: for each layer `(in + 1, out)` float32, the biases last; a rule may add more.
        layers: the number of layers; their weights come first.
        held_out_error: MSE on held-out rows at the best epoch of the training, or before it.
        held_out_errors: the same at the end of each epoch.
    """

    plan: ClassVar[RulePlan] = RulePlan()
    version: ClassVar[int] = 1
    facts: ClassVar[Facts | None] = None

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        self.random = random
        self.weights = [make_weights(rows, columns, random) for rows, columns in pairwise(sizes)]
        self.weights[-1][:] = 0
        self.layers = len(self.weights)
        self.held_out_error = np.inf
        self.held_out_errors: list[float] = []

    @classmethod
    def make_for(cls, data: LatentDataset, units: Sequence[int], random: np.random.Generator) -> Self:
        """Return a network from the x to the y of a dataset; `units` are the sizes of its hidden layers."""
        return cls([data.latent_dim, *units, data.latent_dim], random)

    def run(self, x: Floats) -> list[Floats]:
        """Return the activity of every layer, from x `(n, d)` itself to the output `(n, d)`."""
        activity = [x]
        for layer in range(self.layers - 1):
            activity.append(np.tanh(apply(self.weights[layer], activity[-1])))
        return [*activity, apply(self.weights[self.layers - 1], activity[-1])]

    def predict(self, x: Floats) -> Floats:
        """Return the output `(n, d)` for x `(n, d)`."""
        return self.run(x)[-1]

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the change that takes the place of the gradient on a batch, in the shapes of `weights`."""
        raise NotImplementedError


def make_weights(rows: int, columns: int, random: np.random.Generator) -> Floats:
    """Return random weights `(rows + 1, columns)` float32 (Glorot and Bengio, AISTATS 2010), and biases of 0."""
    limit = np.sqrt(6 / (rows + columns))
    weights = random.uniform(-limit, limit, (rows + 1, columns)).astype(np.float32)
    weights[-1] = 0
    return weights


def apply(weights: Array, activity: Array) -> Array:
    """Return the sums `(n, out)` of a layer with weights `(in + 1, out)` for activity `(n, in)`."""
    sums = activity @ weights[:-1]
    sums += weights[-1]
    return sums


def correlate(activity: Array, error: Array) -> Array:
    """Return the mean product `(in + 1, out)` of a layer's input `(n, in)`, and 1, with an error `(n, out)`.

    For the gradient of a loss with respect to the layer's sums, this is the gradient with respect to its weights.
    """
    products = np.empty((activity.shape[1] + 1, error.shape[1]), np.result_type(activity, error))
    products[:-1] = activity.T @ error
    products[-1] = error.sum(axis=0)
    products /= np.float32(len(activity))
    return products


def fit_network(network: Network, data: LatentDataset, plan: RulePlan, seed: int, title: str) -> Network:
    """Return the network, trained by its rule with Adam on the training rows, under a progress bar with that title.

    It runs on one thread: more threads gain nothing on matrices of this size, and slow other jobs down.
    """
    random = np.random.default_rng(seed)
    fit, held = split_rows(len(data.train), random)
    x, y = data.train.x, data.train.y
    error = measure_error(network, x[held], y[held])
    network.held_out_error = error if np.isfinite(error) else np.inf  # a rule that only harms leaves the weights alone
    batch_rows = min(plan.batch_rows, len(fit))
    steps = len(fit) // batch_rows
    optimizer = Adam(network.weights)
    best = [weight.copy() for weight in network.weights]
    progress = show_progress(range(plan.epochs), title)
    with import_library("threadpoolctl").threadpool_limits(1):
        for epoch in progress:
            shares = [(epoch * steps + step) / (plan.epochs * steps) for step in range(steps)]
            rates = [plan.learning_rate * (1 + np.cos(np.pi * share)) / 2 for share in shares]
            take_steps(network, optimizer, x, y, draw_batches(fit, batch_rows, random), rates)
            error = measure_error(network, x[held], y[held])
            network.held_out_errors.append(error)
            progress.set_postfix(held_out=f"{error:.4f}")
            if error < network.held_out_error:
                best, network.held_out_error = [weight.copy() for weight in network.weights], error
    network.weights = best
    return network


def measure_error(network: Network, x: Floats, y: Floats) -> float:
    """Return the MSE of a network's output for x `(n, d)` from y `(n, d)`."""
    return float(np.square(network.predict(x) - y).mean())


def draw_batches(rows: Integers, batch_rows: int, random: np.random.Generator) -> list[Integers]:
    """Return the numbers of rows in random order, cut into batches; those beyond the last full batch are left out."""
    batches = len(rows) // batch_rows
    return np.split(random.permutation(rows)[: batches * batch_rows], batches)


def take_steps(
    network: Network, optimizer: "Adam", x: Floats, y: Floats, batches: Sequence[Integers], rates: Sequence[float]
) -> None:
    """Change the weights by the rule's suggestion for each batch of row numbers, at the learning rate beside it."""
    for rows, rate in zip(batches, rates, strict=True):
        optimizer.step(network.weights, network.suggest(x[rows], y[rows]), rate)


def split_rows(rows: int, random: np.random.Generator) -> tuple[Integers, Integers]:
    """Return the numbers of the rows to fit on and of those held out, a tenth, both in random order."""
    order = random.permutation(rows)
    held = max(1, round(rows * HELD_OUT))
    return order[held:], order[:held]


class Adam:
    """Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015."""

    def __init__(self, weights: Sequence[Floats]) -> None:
        self._moments = [np.zeros((2, *weight.shape), np.float32) for weight in weights]
        self._work = [np.empty((2, *weight.shape), np.float32) for weight in weights]
        self._steps = 0

    def step(self, weights: Sequence[Floats], gradients: Sequence[Floats], rate: float) -> None:
        """Change the weights in place against their gradients."""
        self._steps += 1
        scale = rate * np.sqrt(1 - SECOND_DECAY**self._steps) / (1 - FIRST_DECAY**self._steps)
        for arrays in zip(weights, gradients, self._moments, self._work, strict=True):
            _move_weight(*arrays, np.float32(scale))


def _move_weight(weight: Floats, gradient: Floats, moments: Floats, work: Floats, scale: np.float32) -> None:
    """Change a weight and its moments in place: a new array for each result takes longer."""
    (mean, square), (step, root) = moments, work
    np.subtract(gradient, mean, out=step)
    step *= 1 - FIRST_DECAY
    mean += step
    np.multiply(gradient, gradient, out=root)
    root -= square
    root *= 1 - SECOND_DECAY
    square += root
    np.multiply(mean, scale, out=step)
    np.sqrt(square, out=root)
    root += EPSILON
    step /= root
    weight -= step
