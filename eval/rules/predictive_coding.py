"""Predictive coding: activities settle between x and y, and each layer learns to predict the next."""

import numpy as np

from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan, apply, correlate
from ld_data.typing import Array, Floats

STEPS, STEP = 20, 0.2  # of settling; the step at the start
ERROR_STEPS = 5  # of settling by errors; these need fewer
OUTPUT_VARIANCE = 100.0  # of the prediction error at the output, 1 elsewhere: y is mostly noise


class PredictiveCoding(Network):
    """A network that settles with y at its output, and learns from the remaining prediction errors.

    Whittington and Bogacz, "An approximation of the error backpropagation algorithm in a predictive coding network
    with local Hebbian synaptic plasticity", Neural Computation 29, 2017.

    The states are the sums of the layers; the energy is half the squared errors of their predictions.
    """

    plan = RulePlan(learning_rate=3e-3)
    version = 2
    facts = Facts(weight_transport="values", separate_phases=True)

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradients of the energy to the weights once the network, with y as its output, has settled."""
        return [correlate(rate, -error) for rate, error in zip(*self.settle(x, y), strict=True)]

    def settle(self, x: Floats, y: Floats) -> tuple[list[Floats], list[Floats]]:
        """Return the input and the prediction error of each layer after steps of its states down the energy.

        A step that would raise the energy of a row is not taken there, and the next ones are half as long: steps above
        2 over 1 and the squared norm of the weights diverge.
        """
        rates = self.run(x)[:-1]
        states = [apply(weights, rate) for weights, rate in zip(self.weights, rates[:-1], strict=False)]  # the hidden
        errors = self._measure_errors(states, rates, y)
        energy, step = measure_energy(errors), np.full((len(x), 1), STEP, np.float32)
        for _ in range(STEPS):
            moved = [
                state + step * ((errors[i + 1] @ self.weights[i + 1][:-1].T) * (1 - rates[i + 1] ** 2) - errors[i])
                for i, state in enumerate(states)
            ]
            new_errors = self._measure_errors(moved, [x, *map(np.tanh, moved)], y)
            new_energy = measure_energy(new_errors)
            lower = new_energy <= energy
            step = np.where(lower, step, step / 2)
            energy = np.where(lower, new_energy, energy)
            states = [np.where(lower, new, old) for new, old in zip(moved, states, strict=True)]
            errors = [np.where(lower, new, old) for new, old in zip(new_errors, errors, strict=True)]
            rates = [x, *map(np.tanh, states)]
        return rates, errors

    def _measure_errors(self, states: list[Floats], rates: list[Floats], y: Floats) -> list[Floats]:
        predictions = [apply(weights, rate) for weights, rate in zip(self.weights, rates, strict=True)]
        errors = [state - prediction for state, prediction in zip([*states, y], predictions, strict=True)]
        return [*errors[:-1], errors[-1] / OUTPUT_VARIANCE]


def measure_energy(errors: list[Floats]) -> Floats:
    """Return half the sum of the squared errors of the layers, that of the output over its variance, `(n, 1)`."""
    *hidden, output = errors  # the last is divided by its variance already
    squares = sum(np.square(error).sum(axis=1, keepdims=True) for error in hidden)
    return 0.5 * (squares + OUTPUT_VARIANCE * np.square(output).sum(axis=1, keepdims=True))


class ErrorPredictiveCoding(PredictiveCoding):
    """Predictive coding that settles its errors e in place of its states: ePC.

    Goemaere, Oliviers, Bogacz and Demeester, "ePC: fast and deep predictive coding in digital simulation", 2025
    (arXiv:2505.20137). A state is its prediction plus e, so y moves all layers at every step. Each step moves e against
    the gradient of the energy, e + dL/de, with L the energy of the output alone. Where both settle, states and errors
    are those of predictive coding; the weights learn from them as there.
    """

    plan = RulePlan(learning_rate=3e-3)
    version = 1
    facts = Facts(local_in_time=False, weight_transport="values", separate_phases=True)

    def settle(self, x: Floats, y: Floats) -> tuple[list[Floats], list[Floats]]:
        """Return the input and the prediction error of each layer after steps of its errors down the energy."""
        errors: list[Array] = [np.zeros((len(x), weights.shape[1]), x.dtype) for weights in self.weights[:-1]]
        rates, output = self._spread(x, errors)
        for _ in range(ERROR_STEPS):
            back = (output - y) / OUTPUT_VARIANCE
            for i in reversed(range(len(errors))):
                back = (back @ self.weights[i + 1][:-1].T) * (1 - rates[i + 1] ** 2)
                errors[i] = errors[i] - STEP * (errors[i] + back)
            rates, output = self._spread(x, errors)
        return rates, [*errors, (y - output) / OUTPUT_VARIANCE]

    def _spread(self, x: Floats, errors: list[Array]) -> tuple[list[Floats], Floats]:
        """Return the input of each layer, and the output, where each hidden state is its prediction plus an error."""
        rates = [x]
        for weights, error in zip(self.weights, errors, strict=False):
            rates.append(np.tanh(apply(weights, rates[-1]) + error))
        return rates, apply(self.weights[-1], rates[-1])
