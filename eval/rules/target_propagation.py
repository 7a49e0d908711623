"""Difference target propagation: learned inverses give each layer a target."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eval.rules.facts import Facts
from eval.rules.network import Network, apply, correlate, make_weights
from ld_data.typing import Array, Floats

STEP = 0.1  # of the top hidden layer's target, down the gradient of the output error
NOISE = 0.1  # standard deviation, added to the activities that the inverses learn to reconstruct


class DifferenceTargetPropagation(Network):
    """Lee, Zhang, Fischer and Bengio, "Difference target propagation", ECML PKDD 2015.

    After the weights of the layers come those of the inverses g, of all hidden layers but the first.
    """

    facts = Facts(local_in_time=False, weight_transport="values", separate_phases=True, second_network=True)

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        super().__init__(sizes, random)
        self.weights += [make_weights(above, below, random) for below, above in pairwise(sizes[1:-1])]

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradients of the layers' distances from their targets, and of the inverses' errors."""
        activity = self.run(x)
        inverses = self.weights[self.layers :]
        error = activity[-1] - y
        targets: list[Array] = [activity[-2] - STEP * error @ self.weights[self.layers - 1][:-1].T]
        for below, above, inverse in zip(activity[-3:0:-1], activity[-2:1:-1], inverses[::-1], strict=True):
            targets.insert(0, below + np.tanh(apply(inverse, targets[0])) - np.tanh(apply(inverse, above)))
        errors = [(state - target) * (1 - state**2) for state, target in zip(activity[1:-1], targets, strict=True)]
        gradients = [correlate(below, wrong) for below, wrong in zip(activity, [*errors, error], strict=False)]
        for layer, (below, inverse) in enumerate(zip(activity[1:-2], inverses, strict=True), start=1):
            moved = below + self.random.normal(0, NOISE, below.shape).astype(np.float32)
            above = np.tanh(apply(self.weights[layer], moved))
            back = np.tanh(apply(inverse, above))
            gradients.append(correlate(above, (back - moved) * (1 - back**2)))
        return gradients
