"""Feedback alignment: what travels back goes through weights other than the transposed ones of the network.

The weights are fixed and random, layer by layer or straight to each layer, or share only their signs with the network.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eval.rules.backpropagation import Backpropagation
from eval.rules.facts import Facts
from eval.rules.network import RulePlan, correlate, make_weights
from ld_data.typing import Floats


class FeedbackAlignment(Backpropagation):
    """Backpropagation with fixed random weights on the way back.

    Lillicrap, Cownden, Tweed and Akerman, "Random synaptic feedback weights support error backpropagation for deep
    learning", Nature Communications 7, 2016. There the weights begin near 0, where they align best with the feedback;
    here they begin at 0, since the errors reach every layer anyway.
    """

    plan = RulePlan()
    facts = Facts(local_in_time=False, separate_phases=True)

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        super().__init__(sizes, random)
        self.weights = [np.zeros_like(weights) for weights in self.weights]
        self.feedback = [make_weights(rows, columns, random)[:-1].T for rows, columns in pairwise(sizes)]

    def send_back(self, errors: Sequence[Floats], layer: int) -> Floats:
        """Return the errors before a layer, from its own through the fixed weights."""
        return errors[0] @ self.feedback[layer]


class DirectFeedbackAlignment(Backpropagation):
    """Feedback of the output error to each hidden layer through random weights of its own.

    Nøkland, "Direct feedback alignment provides learning in deep neural networks", NeurIPS 2016.
    """

    plan = RulePlan()
    facts = Facts(local_in_time=False, separate_phases=True)

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        super().__init__(sizes, random)
        self.feedback = [make_weights(sizes[-1], units, random)[:-1] for units in sizes[1:-1]]

    def send_back(self, errors: Sequence[Floats], layer: int) -> Floats:
        """Return the errors before a layer, straight from the output."""
        return errors[-1] @ self.feedback[layer - 1]


class DirectRandomTargetProjection(DirectFeedbackAlignment):
    """Feedback of the target in place of the error: hidden layers need not wait for the output.

    Frenkel, Lefebvre and Bol, "Learning without feedback: fixed random learning signals allow for feedforward training
    of deep neural networks", Frontiers in Neuroscience 15, 2021 (arXiv:1909.01311). A hidden layer's error is
    -(y B) f'(sums), with B random and fixed. There y is the class, one-hot; here it is the target of the regression.
    """

    plan = RulePlan(learning_rate=3e-3)
    facts = Facts()

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the products of each layer's input with its projected target, or with its error for the output."""
        activity = self.run(x)
        errors = [-(y @ back) * (1 - state**2) for back, state in zip(self.feedback, activity[1:-1], strict=True)]
        errors.append(activity[-1] - y)
        return [correlate(below, error) for below, error in zip(activity, errors, strict=False)]


class UniformSignSymmetry(Backpropagation):
    """Backpropagation through the signs of the weights: sign(W) times a magnitude, one number for each layer.

    Liao, Leibo and Poggio, "How important is weight symmetry in backpropagation?", AAAI 2016 (arXiv:1510.05067), the
    kind uSF. They add batch normalisation, or steps that keep the sign of a change alone; here Adam evens out the size
    of the errors. The magnitude is the standard deviation of the weights at the start.
    """

    plan = RulePlan()
    facts = Facts(local_in_time=False, weight_transport="signs", separate_phases=True)

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        super().__init__(sizes, random)
        self.magnitudes = self.draw_magnitudes()
        self.feedback: list[Floats] = []

    def draw_magnitudes(self) -> list[Floats]:
        """Return the magnitudes of the feedback of each layer `(in, out)`."""
        shapes = [(len(weights) - 1, weights.shape[1]) for weights in self.weights]
        return [np.full(shape, np.sqrt(2 / sum(shape)), np.float32) for shape in shapes]

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the products of each layer's input and error, with feedback of the present signs."""
        pairs = zip(self.weights, self.magnitudes, strict=True)
        self.feedback = [(np.sign(weights[:-1]) * magnitudes).T for weights, magnitudes in pairs]
        return super().suggest(x, y)

    def send_back(self, errors: Sequence[Floats], layer: int) -> Floats:
        """Return the errors before a layer, from its own through the signs of its weights."""
        return errors[0] @ self.feedback[layer]


class FixedSignSymmetry(UniformSignSymmetry):
    """Sign symmetry with random magnitudes that stay: the kind frSF of Liao, Leibo and Poggio, AAAI 2016."""

    def draw_magnitudes(self) -> list[Floats]:
        """Return the absolute values of random weights for each layer `(in, out)`."""
        shapes = [(len(weights) - 1, weights.shape[1]) for weights in self.weights]
        return [np.abs(make_weights(*shape, self.random)[:-1]) for shape in shapes]


class BatchSignSymmetry(FixedSignSymmetry):
    """Sign symmetry with random magnitudes drawn anew for each batch: the kind brSF of the same paper."""

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the products of each layer's input and error, with feedback of new magnitudes."""
        self.magnitudes = self.draw_magnitudes()
        return super().suggest(x, y)
