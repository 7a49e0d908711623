"""Perturbation: random small moves of the units or the weights, for each row its own, show where its error falls."""

from collections.abc import Sequence

import numpy as np

from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan, apply, correlate
from ld_data.typing import Array, Floats

SIZE = np.float32(0.02)  # of the moves, up or down
DRAWS = 8  # of moves of the units for each row


class NodePerturbation(Network):
    """A network that moves the sums of all its units at random, and learns from the change of the error.

    Werfel, Xie and Seung, "Learning curves for stochastic gradient descent in linear feedforward networks", Neural
    Computation 17, 2005: the change of a weight is (E(moved) - E(0)) move input / variance of the moves, averaged over
    rows and draws, with E half the squared error. The mean of this is the gradient of E, but for terms that vanish
    with the size of the moves.
    """

    plan = RulePlan(units=(64,), learning_rate=3e-4)
    facts = Facts(local_in_time=False, separate_phases=True, feedback="scalar")

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the products of each layer's input and moves, weighted by the growth of the error."""
        activity = [np.repeat(state, DRAWS, axis=0) for state in self.run(x)]
        moves = [_draw_moves(self.random, state.shape) for state in activity[1:]]
        state = total = activity[0]
        for weights, move in zip(self.weights, moves, strict=True):
            total = apply(weights, state) + move
            state = np.tanh(total)
        growth = _measure_growth(total, activity[-1], np.repeat(y, DRAWS, axis=0))[:, None]
        return [correlate(below, growth * move) for below, move in zip(activity, moves, strict=False)]


class WeightPerturbation(Network):
    """A network that moves all its weights at random, for each row anew, and learns from the change of the error.

    Cauwenberghs, "A fast stochastic error-descent algorithm for supervised learning and optimization", NIPS 1992, with
    his random signs. The change of a weight is (E(moved) - E(0)) move / variance of the moves, averaged over rows, with
    E half the squared error; compared with node perturbation by Werfel, Xie and Seung, Neural Computation 17, 2005.
    """

    plan = RulePlan(units=(64,), learning_rate=3e-4)
    facts = Facts(local_in_time=False, separate_phases=True, feedback="scalar")

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the mean move of the weights, weighted by the growth of the error."""
        moves = [_draw_moves(self.random, (len(x), *weights.shape)) for weights in self.weights]
        state = total = x
        for weights, move in zip(self.weights, moves, strict=True):
            total = apply(weights, state) + (state[:, None] @ move[:, :-1])[:, 0] + move[:, -1]
            state = np.tanh(total)
        growth = _measure_growth(total, self.predict(x), y)
        return [np.tensordot(growth, move, axes=1) / np.float32(len(x)) for move in moves]


def _draw_moves(random: np.random.Generator, shape: Sequence[int]) -> Floats:
    """Return moves of random sign."""
    return np.where(random.integers(0, 2, shape, bool), SIZE, -SIZE)


def _measure_growth(moved: Array, output: Array, y: Array) -> Floats:
    """Return by how much half the squared error of each row grows, over the variance of the moves `(n,)`."""
    return (np.square(moved - y) - np.square(output - y)).sum(axis=1) / (2 * SIZE**2)
