"""Feedback alignment: errors travel back through fixed random weights, layer by layer or straight to each layer."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eval.rules.network import Network, correlate, make_weights
from ld_data.typing import Floats


class FeedbackAlignment(Network):
    """Backpropagation with fixed random weights on the way back.

    Lillicrap, Cownden, Tweed and Akerman, "Random synaptic feedback weights support error backpropagation for deep
    learning", Nature Communications 7, 2016. There the weights begin near 0, where they align best with the feedback;
    here they begin at 0, since the errors reach every layer anyway.
    """

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        super().__init__(sizes, random)
        self.weights = [np.zeros_like(weights) for weights in self.weights]
        self.feedback = [make_weights(rows, columns, random)[:-1].T for rows, columns in pairwise(sizes)]

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the products of activities and errors, sent back through the fixed weights."""
        activity = self.run(x)
        errors = [activity[-1] - y]
        for layer in reversed(range(1, self.layers)):
            errors.insert(0, (errors[0] @ self.feedback[layer]) * (1 - activity[layer] ** 2))
        return [correlate(below, error) for below, error in zip(activity, errors, strict=False)]


class DirectFeedbackAlignment(Network):
    """Feedback of the output error to each hidden layer through random weights of its own.

    Nøkland, "Direct feedback alignment provides learning in deep neural networks", NeurIPS 2016.
    """

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        super().__init__(sizes, random)
        self.feedback = [make_weights(sizes[-1], units, random)[:-1] for units in sizes[1:-1]]

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the products of activities and errors, sent straight from the output."""
        activity = self.run(x)
        error = activity[-1] - y
        hidden = [
            (error @ feedback) * (1 - state**2) for feedback, state in zip(self.feedback, activity[1:], strict=False)
        ]
        return [correlate(below, error) for below, error in zip(activity, [*hidden, error], strict=False)]
