"""Evolution strategies: the weights are moved a little at random, to and fro, and the better half is followed."""

from collections.abc import Sequence

import numpy as np

from eval.rules.network import Network

PAIRS, STD = 32, 0.02  # of random moves, each tried in both directions


class EvolutionStrategies(Network):
    """A network that follows those random moves of its weights which lower the error.

    Salimans, Ho, Chen, Sidor and Sutskever, "Evolution strategies as a scalable alternative to reinforcement
    learning", 2017 (arXiv:1703.03864), with mirrored moves that are all tried on the same rows.
    """

    def __init__(self, sizes: Sequence[int], random: np.random.Generator) -> None:
        """Draw the weights; `random` also draws the moves."""
        super().__init__(sizes, random)
        self.random = random

    def suggest(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Return the moves' mean, each weighted by how much the squared error grows along it."""
        moves = [self.random.standard_normal((PAIRS, *weight.shape), np.float32) for weight in self.weights]
        ahead, behind = (self._measure_errors(x, y, moves, sign * STD) for sign in (1, -1))
        growth = (ahead - behind).astype(np.float32) / (2 * STD * PAIRS)
        return [np.tensordot(growth, move, axes=1) for move in moves]

    def _measure_errors(self, x: np.ndarray, y: np.ndarray, moves: list[np.ndarray], scale: float) -> np.ndarray:
        """Return the mean squared error of each of the moved networks `(PAIRS,)`."""
        activity = x
        for weight, move in zip(self.weights, moves, strict=True):
            moved = weight + np.float32(scale) * move
            total = activity @ moved[:, :-1] + moved[:, -1:]
            activity = np.tanh(total)
        return np.square(total - y).mean(axis=(1, 2))
