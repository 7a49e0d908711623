"""Backpropagation, the yardstick of the other rules, and the network without it whose hidden layers stay random."""

from collections.abc import Sequence

import numpy as np

from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan, correlate
from ld_data.typing import Floats


class Backpropagation(Network):
    """Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323, 1986."""

    plan = RulePlan(learning_rate=3e-3)
    facts = Facts(local_in_time=False, weight_transport="values", separate_phases=True)

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the products of each layer's input and error, for this rule the gradient of half the squared error."""
        activity = self.run(x)
        errors = [self.find_error(activity[-1], y)]
        for layer in reversed(range(1, self.layers)):
            errors.insert(0, self.send_back(errors, layer) * (1 - activity[layer] ** 2))
        return [correlate(below, error) for below, error in zip(activity, errors, strict=False)]

    def send_back(self, errors: Sequence[Floats], layer: int) -> Floats:
        """Return the errors `(n, in)` before a layer, from its own `(n, out)` and those of the layers above."""
        return errors[0] @ self.weights[layer][:-1].T

    def find_error(self, output: Floats, y: Floats) -> Floats:
        """Return the gradient of the loss to the output `(n, out)`, times n."""
        return output - y


class RandomFeatures(Network):
    """A network that learns its output layer alone, by the delta rule: the hidden layers stay as they were drawn.

    Rahimi and Recht, "Random features for large-scale kernel machines", NIPS 2007. A rule whose skill is not above this
    one's has learned nothing of use in its hidden layers.
    """

    plan = RulePlan(learning_rate=3e-4)
    facts = Facts(feedback="none")

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the product of input and error for the output layer, and 0 for the others."""
        activity = self.run(x)
        still = [np.zeros_like(weights) for weights in self.weights[:-1]]
        return [*still, correlate(activity[-2], activity[-1] - y)]
