"""Equilibrium propagation: a network settles freely, and then with its output pulled towards y and away from it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan, apply, correlate
from ld_data.typing import Floats

FREE_STEPS, NUDGED_STEPS, STEP = 20, 8, 0.3  # of settling
NUDGE = 0.3


class EquilibriumPropagation(Network):
    """A network whose units settle; it learns from their shift under a pull at the output.

    Scellier and Bengio, "Equilibrium propagation", Frontiers in Computational Neuroscience 11, 2017; pulled both ways
    as in Laborieux et al., "Scaling equilibrium propagation to deep ConvNets", Frontiers in Neuroscience 15, 2021.

    Units in neighbouring layers act on each other through the same weights; the output is linear. Its energy is
    |s|^2 / 2 over all units but the input, minus the products of neighbouring rates and the weight between them.
    """

    plan = RulePlan(units=(256,), learning_rate=3e-3)
    facts = Facts(local_in_time=False, weight_transport="values", separate_phases=True)

    def settle(
        self, x: Floats, states: Sequence[Floats], steps: int, nudge: float = 0.0, y: Floats | None = None
    ) -> list[Floats]:
        """Return the states of all layers but the input after steps down the energy, pulled towards y or away."""
        states = list(states)
        first = apply(self.weights[0], x)  # x stays
        for _ in range(steps):
            rates = _find_rates(x, states)
            for i, state in enumerate(states):
                drive = apply(self.weights[i], rates[i]) if i else first
                if i < self.layers - 1:
                    drive = (drive + rates[i + 2] @ self.weights[i + 1][:-1].T) * (1 - rates[i + 1] ** 2)
                elif y is not None:
                    drive = drive + nudge * (y - state)
                states[i] = state + STEP * (drive - state)
        return states

    def predict(self, x: Floats) -> Floats:
        """Return the output `(n, d)` after settling freely."""
        return self.settle(x, self._start(x), FREE_STEPS)[-1]

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the difference of the energy's gradients, to the weights, between the two pulled states."""
        free = self.settle(x, self._start(x), FREE_STEPS)
        towards, away = (
            self._measure_gradient(x, self.settle(x, free, NUDGED_STEPS, nudge, y)) for nudge in (NUDGE, -NUDGE)
        )
        return [(near - far) / (2 * NUDGE) for near, far in zip(towards, away, strict=True)]

    def differentiate(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradient of half the squared error of `predict` to the weights, back through all steps."""
        steps = [self._start(x)]
        for _ in range(FREE_STEPS):
            steps.append(self.settle(x, steps[-1], 1))
        gradients = [np.zeros_like(weights) for weights in self.weights]
        slopes = [np.zeros_like(state) for state in steps[-1]]  # of the error to the states
        slopes[-1] = steps[-1][-1] - y
        for states in steps[-2::-1]:
            rates = _find_rates(x, states)
            to_rates = [np.zeros_like(rate) for rate in rates]
            bends = [1 - rate**2 for rate in rates[1:-1]]
            own = [(1 - STEP) * slope for slope in slopes]
            for i, slope in enumerate(slopes):
                change = STEP * slope
                if i < self.layers - 1:
                    drive = apply(self.weights[i], rates[i]) + rates[i + 2] @ self.weights[i + 1][:-1].T
                    own[i] -= 2 * rates[i + 1] * bends[i] * change * drive
                    change = change * bends[i]
                    gradients[i + 1][:-1] += change.T @ rates[i + 2] / np.float32(len(x))
                    to_rates[i + 2] += change @ self.weights[i + 1][:-1]
                gradients[i] += correlate(rates[i], change)
                to_rates[i] += change @ self.weights[i][:-1].T
            slopes = [
                one + to * bend for one, to, bend in zip(own, to_rates[1:], [*bends, np.ones(1, x.dtype)], strict=True)
            ]
        return gradients

    def _start(self, x: Floats) -> list[Floats]:
        return [np.zeros((len(x), weights.shape[1]), np.float32) for weights in self.weights]

    def _measure_gradient(self, x: Floats, states: Sequence[Floats]) -> list[Floats]:
        return [correlate(below, -above) for below, above in pairwise(_find_rates(x, states))]


def _find_rates(x: Floats, states: Sequence[Floats]) -> list[Floats]:
    return [x, *(np.tanh(state) for state in states[:-1]), states[-1]]
