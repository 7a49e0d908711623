"""Predictive coding: activities settle between input and right output, and each layer learns to predict the next."""

import numpy as np

from eval.rules.network import Network, apply, correlate

STEPS, STEP = 10, 0.2  # of settling
OUTPUT_VARIANCE = 100.0  # of the prediction error at the output, against 1 elsewhere: y is mostly noise


class PredictiveCoding(Network):
    """A network that settles with the right answer at its output, and learns from what then is badly predicted.

    Whittington and Bogacz, "An approximation of the error backpropagation algorithm in a predictive coding network
    with local Hebbian synaptic plasticity", Neural Computation 29, 2017.

    The states are the sums that go into the layers; the energy is half the squared errors of their predictions.
    """

    def suggest(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Return the energy's gradients to the weights where the states, with y as the last, have settled."""
        rates = self.run(x)[:-1]
        states = [apply(weights, rate) for weights, rate in zip(self.weights, rates[:-1], strict=False)]  # the hidden
        for _ in range(STEPS):
            errors = self._measure_errors(states, rates, y)
            for i, state in enumerate(states):
                back = (errors[i + 1] @ self.weights[i + 1][:-1].T) * (1 - rates[i + 1] ** 2)
                states[i] = state + STEP * (back - errors[i])
            rates = [x, *map(np.tanh, states)]
        return [
            correlate(rate, -error) for rate, error in zip(rates, self._measure_errors(states, rates, y), strict=True)
        ]

    def _measure_errors(self, states: list[np.ndarray], rates: list[np.ndarray], y: np.ndarray) -> list[np.ndarray]:
        predictions = [apply(weights, rate) for weights, rate in zip(self.weights, rates, strict=True)]
        errors = [state - prediction for state, prediction in zip([*states, y], predictions, strict=True)]
        return [*errors[:-1], errors[-1] / OUTPUT_VARIANCE]
