"""Evolution strategies: random small moves of all weights, weighted by the change of the error along them."""

import numpy as np

from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan
from ld_data.typing import Floats

PAIRS, STD = 32, 0.02  # of random moves, each measured in both directions


class EvolutionStrategies(Network):
    """A network that follows random moves of its weights in proportion to the error that they save.

    Salimans, Ho, Chen, Sidor and Sutskever, "Evolution strategies as a scalable alternative to reinforcement
    learning", 2017 (arXiv:1703.03864), with mirrored moves, all measured on the same rows.
    """

    plan = RulePlan(units=(64,), batch_rows=256)
    facts = Facts(local_in_time=False, separate_phases=True, feedback="scalar")

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the mean of the moves, each weighted by the growth of the squared error along it."""
        moves = [self.random.standard_normal((PAIRS, *weight.shape), np.float32) for weight in self.weights]
        ahead, behind = (self._measure_errors(x, y, moves, sign * STD) for sign in (1, -1))
        growth = (ahead - behind).astype(np.float32) / (2 * STD * PAIRS)
        return [np.tensordot(growth, move, axes=1) for move in moves]

    def _measure_errors(self, x: Floats, y: Floats, moves: list[Floats], scale: float) -> Floats:
        """Return the mean squared error of each of the moved networks `(PAIRS,)`."""
        activity = x
        for weight, move in zip(self.weights, moves, strict=True):
            moved = weight + np.float32(scale) * move
            total = activity @ moved[:, :-1] + moved[:, -1:]
            activity = np.tanh(total)
        return np.square(total - y).mean(axis=(1, 2))
