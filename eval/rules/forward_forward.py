"""Rules that read the class of y by its decoder: forward-forward, mono-forward, and backpropagation to compare with."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Self

import numpy as np
from scipy.special import expit, softmax

from eval.rules.backpropagation import Backpropagation
from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan, apply, correlate, make_weights
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Floats, Integers

THRESHOLD = 1.0  # of a layer's goodness, its mean squared activity


class ForwardForward(Network):
    """A network whose layers learn separately, and judge the classes together.

    Hinton, "The forward-forward algorithm: some preliminary investigations", 2022 (arXiv:2212.13345). Its answer is the
    mean of y over the classes, weighted by the softmax of their goodness. The same softmax draws the false classes, so
    hard ones come up more often. The last weight, a single number, is the scale of the softmax; it follows the gradient
    of the cross-entropy. Unlike there, the goodness of the first layer counts, and a scale of the softmax is learned.
    """

    plan = RulePlan(learning_rate=3e-2)
    facts = Facts(separate_phases=True, labels_as_input=True, feedback="scalar", reads_classes=True)

    def __init__(self, data: LatentDataset, units: Sequence[int], random: np.random.Generator) -> None:
        super().__init__([data.latent_dim + data.classes, *units, data.latent_dim], random)
        self.class_mean, self.classify = data.class_mean.astype(np.float32), data.classify
        self.layers -= 1  # the scale takes the place of the output layer
        self.weights[-1] = np.ones((1, 1), np.float32)

    @classmethod
    def make_for(cls, data: LatentDataset, units: Sequence[int], random: np.random.Generator) -> Self:
        """Return a network for a dataset, with its classes."""
        return cls(data, units, random)

    def predict(self, x: Floats) -> Floats:
        """Return the expected y `(n, d)`."""
        return softmax(self.weights[-1] * self.measure_classes(x), axis=1) @ self.class_mean

    def measure_classes(self, x: Floats) -> Floats:
        """Return the goodness of each class, summed over the layers `(n, k)`."""
        goodness = np.empty((len(x), len(self.class_mean)), np.result_type(x, self.weights[0]))
        for label in range(len(self.class_mean)):
            active = self._run_layers(x, np.full(len(x), label))
            goodness[:, label] = sum(np.square(state).mean(axis=1) for _, state in active)
        return goodness

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradients of each layer's own loss: the softplus of its goodness beyond the threshold."""
        labels, rows = self.classify(y), np.arange(len(x))
        goodness = self.measure_classes(x)
        shares = softmax(self.weights[-1] * goodness, axis=1)
        excess = shares.copy()
        excess[rows, labels] -= 1
        scale_gradient = np.full((1, 1), (excess * goodness).sum(axis=1).mean(), np.float32)
        shares[rows, labels] = 0
        steps = shares.cumsum(axis=1)
        wrong = (steps < self.random.random((len(x), 1)) * steps[:, -1:]).sum(axis=1)
        gradients = []
        true, false = self._run_layers(x, labels), self._run_layers(x, np.minimum(wrong, shares.shape[1] - 1))
        for pair in zip(true, false, strict=True):
            slopes = []
            for (below, state), sign in zip(pair, (-1, 1), strict=True):
                slope = sign * expit(sign * (np.square(state).mean(axis=1, keepdims=True) - THRESHOLD))
                slopes.append(correlate(below, 2 / state.shape[1] * slope * state))
            gradients.append(slopes[0] + slopes[1])
        return [*gradients, scale_gradient]

    def differentiate(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradient of half the squared error of `predict` to the weights of the layers."""
        shares = softmax(self.weights[-1] * self.measure_classes(x), axis=1)
        slopes = self.weights[-1] * _differentiate_shares(shares, self.class_mean, y)
        gradients = [np.zeros_like(weights) for weights in self.weights[: self.layers]]
        for label, slope in enumerate(slopes.T):
            layers = self._run_layers(x, np.full(len(x), label))
            back: Floats | float = 0.0  # to what the next layer gets
            for i, (below, state) in reversed(list(enumerate(layers))):
                length = _measure_length(state)
                shown = state / length
                error = (
                    (back - shown * (back * shown).mean(axis=1, keepdims=True)) / length if i + 1 < len(layers) else 0
                )
                error = error + slope[:, None] * 2 / state.shape[1] * state
                error = error * (state > 0)
                gradients[i] += correlate(below, error)
                back = error @ self.weights[i][:-1].T
        return gradients

    def _run_layers(self, x: Floats, labels: Integers) -> list[tuple[Floats, Floats]]:
        """Return the input and output of each layer; the next layer gets only the direction of the output."""
        shown = np.eye(len(self.class_mean), dtype=np.float32)[labels]
        below = np.hstack([x, np.sqrt(x.shape[1], dtype=np.float32) * shown])
        layers = []
        for weights in self.weights[: self.layers]:
            state = np.maximum(apply(weights, below), 0)
            layers.append((below, state))
            below = state / _measure_length(state)
        return layers


def _measure_length(state: Floats) -> Floats:
    return np.sqrt(np.square(state).mean(axis=1, keepdims=True) + np.float32(1e-6))


def _differentiate_shares(shares: Floats, class_mean: Floats, y: Floats) -> Floats:
    """Return the slope of half the squared error of the mean of y over the classes to the arguments of a softmax."""
    back = (shares @ class_mean - y) @ class_mean.T
    return shares * (back - (shares * back).sum(axis=1, keepdims=True))


class ClassNetwork(Network):
    """A perceptron whose output layer judges the classes; it answers the mean of y over them, weighted by the softmax.

    Attributes:
        class_mean: of y `(k, d)`.
        classify: the decoder of y: it returns the classes `(n,)` of y `(n, d)`.
    """

    def __init__(self, data: LatentDataset, units: Sequence[int], random: np.random.Generator) -> None:
        super().__init__([data.latent_dim, *units, data.classes], random)
        self.class_mean, self.classify = data.class_mean.astype(np.float32), data.classify

    @classmethod
    def make_for(cls, data: LatentDataset, units: Sequence[int], random: np.random.Generator) -> Self:
        """Return a network for a dataset, with its classes."""
        return cls(data, units, random)

    def predict(self, x: Floats) -> Floats:
        """Return the expected y `(n, d)`."""
        return softmax(self.run(x)[-1], axis=1) @ self.class_mean

    def find_error(self, output: Floats, y: Floats) -> Floats:
        """Return the gradient of the cross-entropy to the logits `(n, k)`, times n, for the classes of y."""
        return softmax(output, axis=1) - np.eye(len(self.class_mean), dtype=np.float32)[self.classify(y)]

    def differentiate(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradient of half the squared error of `predict` to the weights of the layers."""
        activity = self.run(x)
        error = _differentiate_shares(softmax(activity[-1], axis=1), self.class_mean, y)
        gradients = [correlate(activity[-2], error)]
        for layer in reversed(range(1, self.layers)):
            error = (error @ self.weights[layer][:-1].T) * (1 - activity[layer] ** 2)
            gradients.insert(0, correlate(activity[layer - 1], error))
        return gradients


class ClassBackpropagation(ClassNetwork, Backpropagation):
    """Backpropagation of the cross-entropy: the reference for rules that read the class of y."""

    plan = RulePlan()
    facts = replace(Backpropagation.facts, reads_classes=True)


class MonoForward(ClassNetwork):
    """A network whose layers each learn the class through a projection of their own, in one pass.

    Gong, Li and Abdulla, "Mono-forward: backpropagation-free algorithm for efficient neural network training harnessing
    local errors", 2025 (arXiv:2501.09238), after local classifiers with fixed weights (Mostafa, Ramesh and
    Cauwenberghs, "Deep supervised learning using local errors", Frontiers in Neuroscience 12, 2018) and learned ones
    (Nøkland and Eidnes, "Training neural networks with local error signals", ICML 2019). A hidden layer with activity a
    has the goodness G = a M of the classes; the cross-entropy of softmax(G) teaches its own weights and M. The layers
    are tanh here, and M has biases. After the weights of the hidden layers come M of the last one, in the place of the
    output layer, and M of the others.
    """

    plan = RulePlan()
    facts = Facts(weight_transport="values", second_network=True, reads_classes=True)

    def __init__(self, data: LatentDataset, units: Sequence[int], random: np.random.Generator) -> None:
        super().__init__(data, units, random)
        self.weights += [make_weights(size, data.classes, random) for size in units[:-1]]

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradients of each layer's own cross-entropy."""
        activity = self.run(x)[:-1]
        projections = [*self.weights[self.layers :], self.weights[self.layers - 1]]
        changes, heads = [], []
        for (below, state), projection in zip(pairwise(activity), projections, strict=True):
            excess = self.find_error(apply(projection, state), y)
            changes.append(correlate(below, (excess @ projection[:-1].T) * (1 - state**2)))
            heads.append(correlate(state, excess))
        return [*changes, heads[-1], *heads[:-1]]
