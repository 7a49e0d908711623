"""Feedback alignment: errors travel back through fixed random weights, layer by layer or straight to each layer."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eval.rules.backpropagation import Backpropagation
from eval.rules.network import RulePlan, make_weights
from ld_data.typing import Floats


class FeedbackAlignment(Backpropagation):
    """Backpropagation with fixed random weights on the way back.

    Lillicrap, Cownden, Tweed and Akerman, "Random synaptic feedback weights support error backpropagation for deep
    learning", Nature Communications 7, 2016. There the weights begin near 0, where they align best with the feedback;
    here they begin at 0, since the errors reach every layer anyway.
    """

    plan = RulePlan()

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

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        super().__init__(sizes, random)
        self.feedback = [make_weights(sizes[-1], units, random)[:-1] for units in sizes[1:-1]]

    def send_back(self, errors: Sequence[Floats], layer: int) -> Floats:
        """Return the errors before a layer, straight from the output."""
        return errors[-1] @ self.feedback[layer - 1]
