"""Predictive coding: activities settle between x and y, and each layer learns to predict the next."""

import numpy as np

from eval.rules.network import Network, RulePlan, apply, correlate
from ld_data.typing import Floats

STEPS, STEP = 10, 0.2  # of settling
OUTPUT_VARIANCE = 100.0  # of the prediction error at the output, 1 elsewhere: y is mostly noise


class PredictiveCoding(Network):
    """A network that settles with y at its output, and learns from the remaining prediction errors.

    Whittington and Bogacz, "An approximation of the error backpropagation algorithm in a predictive coding network
    with local Hebbian synaptic plasticity", Neural Computation 29, 2017.

    The states are the sums of the layers; the energy is half the squared errors of their predictions.
    """

    plan = RulePlan(learning_rate=3e-4)

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradients of the energy to the weights once the states, with y as the last, have settled."""
        rates = self.run(x)[:-1]
        states = [apply(weights, rate) for weights, rate in zip(self.weights, rates[:-1], strict=False)]  # the hidden
        for _ in range(STEPS):
            errors = self._measure_errors(states, rates, y)
            for i, state in enumerate(states):
                back = (errors[i + 1] @ self.weights[i + 1][:-1].T) * (1 - rates[i + 1] ** 2)
                states[i] = state + STEP * (back - errors[i])
            rates = [x, *map(np.tanh, states)]
        errors = self._measure_errors(states, rates, y)
        return [correlate(rate, -error) for rate, error in zip(rates, errors, strict=True)]

    def _measure_errors(self, states: list[Floats], rates: list[Floats], y: Floats) -> list[Floats]:
        predictions = [apply(weights, rate) for weights, rate in zip(self.weights, rates, strict=True)]
        errors = [state - prediction for state, prediction in zip([*states, y], predictions, strict=True)]
        return [*errors[:-1], errors[-1] / OUTPUT_VARIANCE]
