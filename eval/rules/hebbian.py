"""Hebbian learning: hidden layers follow the statistics of their inputs, and only the output learns from y."""

from scipy.special import softmax

from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan, apply, correlate
from ld_data.typing import Floats

SHARPNESS = 0.5  # of the competition between the units of a layer


class Hebbian(Network):
    """A hidden layer of soft winner-take-all units, and an output that learns by the delta rule.

    Moraitis, Toichkin, Journé, Chua and Guo, "SoftHebb: Bayesian inference in unsupervised Hebbian soft
    winner-take-all networks", Neuromorphic Computing and Engineering 2, 2022: unit k changes its weights w by
    s (x - u w), with u = w x, and s its share in the softmax over all units. Weights settle at length 1. Delta rule:
    Widrow and Hoff, "Adaptive switching circuits", IRE WESCON, 1960. Hidden biases stay 0.
    """

    plan = RulePlan(units=(256,), learning_rate=3e-3)
    facts = Facts(feedback="none")

    def run(self, x: Floats) -> list[Floats]:
        """Return the activity of every layer; that of a hidden one is its shares, with a mean of 1."""
        activity = [x]
        for weights in self.weights[:-1]:
            activity.append(weights.shape[1] * softmax(SHARPNESS * apply(weights, activity[-1]), axis=1))
        return [*activity, apply(self.weights[-1], activity[-1])]

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the Hebbian changes of the hidden layers, negative, and the gradient of the output's error."""
        activity = self.run(x)
        changes = []
        for weights, below, shares in zip(self.weights, activity[:-2], activity[1:], strict=False):
            change = weights * (shares * apply(weights, below)).mean(axis=0) - correlate(below, shares)
            change[-1] = 0
            changes.append(change)
        return [*changes, correlate(activity[-2], activity[-1] - y)]

    def differentiate(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradient of half the squared error of `predict` to the weights."""
        activity = self.run(x)
        error = activity[-1] - y
        gradients = [correlate(activity[-2], error)]
        for layer in reversed(range(1, self.layers)):
            shares, back = activity[layer], error @ self.weights[layer][:-1].T
            error = SHARPNESS * shares * (back - (shares * back).mean(axis=1, keepdims=True))
            gradients.insert(0, correlate(activity[layer - 1], error))
        return gradients
