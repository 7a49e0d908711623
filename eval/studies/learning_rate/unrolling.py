"""The arms on signals: gradient descent on the learning rate through a whole training.

Both arms of signals train the notebook's perceptron 40-50-10 from the same weights on the same batches each time, so
that the mean loss is a function of the learning rate alone. Its derivative is exact, by forward mode: beside the
weights runs their derivative by the rate, and Pearlmutter's operator (Neural Computation 6, 1994) gives that of the
gradient.
"""

from collections.abc import Sequence

import numpy as np

from eval.rules.network import apply, correlate
from eval.studies.design.trials import AXIS, Outcome
from eval.studies.inputs import Signals, to_one_hot
from eval.studies.perceptron import Perceptron, cross_entropy
from ld_data.typing import Array, Doubles

HIDDEN, CLASSES, BATCH_ROWS = 50, 10, 50
LEAST_RATE = 1e-3


def descend(signals: Signals, seed: int, *, starts: Sequence[float], outer: int, rate: float, steps: int) -> Outcome:
    """Return the path of gradient descent on the learning rate from each start, over the outer steps.

    The seed draws the weights and the order of the rows, once for all trainings.
    """
    training = Unrolled(signals, seed, steps)
    curves: dict[str, list[float]] = {AXIS: [float(step) for step in range(outer)]}
    figures = {}
    for start in starts:
        own, path = start, []
        for _ in range(outer):
            losses, slope = training.run(own)
            path.append((own, float(losses.mean()), float(losses[-1])))
            own = max(LEAST_RATE, own - rate * slope)
        for name, values in zip(("rate", "mean_loss", "final_loss"), np.array(path).T, strict=True):
            curves[f"{name}_from_{start:g}"] = values.tolist()
            figures[f"{name}_from_{start:g}"] = float(values[-1])
    return Outcome(figures, curves)


def scan(signals: Signals, seed: int, *, rates: Sequence[float], steps: int) -> Outcome:
    """Return the mean and the last loss of trainings over the learning rate, a grid `(first, last, count)`.

    The best rates are those of parabolas through the three least values.
    """
    first, last, count = rates
    grid, training = np.linspace(first, last, int(count)), Unrolled(signals, seed, steps)
    losses = np.array([training.run(rate, slope=False)[0] for rate in grid])
    curves = {"mean_loss": losses.mean(axis=1), "final_loss": losses[:, -1]}
    figures = {}
    for name, values in curves.items():
        figures[f"rate_of_least_{name}"], figures[f"least_{name}"] = find_least(grid, values)
    return Outcome(figures, {AXIS: grid.tolist(), **{name: values.tolist() for name, values in curves.items()}})


def find_least(grid: Array, values: Array) -> tuple[float, float]:
    """Return the place and the value of the least point of a curve `(m,)`, of a parabola inside the grid."""
    least = int(values.argmin())
    if least in (0, len(values) - 1):
        return float(grid[least]), float(values[least])
    near = slice(least - 1, least + 2)
    shape = np.polyfit(grid[near] - grid[least], values[near], 2)
    move = -shape[1] / (2 * shape[0])
    return float(grid[least] + move), float(np.polyval(shape, move))


class Unrolled:
    """A training of the notebook's perceptron by plain steps on 50 rows each, as a function of the learning rate."""

    def __init__(self, signals: Signals, seed: int, steps: int) -> None:
        random = np.random.default_rng((seed, 0))
        order = random.permutation(len(signals.x_train))
        rows = order[np.arange(steps * BATCH_ROWS) % len(order)].reshape(steps, BATCH_ROWS)
        self._inputs = signals.x_train.astype(np.float64)[rows]
        self._targets = to_one_hot(signals.label_train).astype(np.float64)[rows]
        sizes = [signals.x_train.shape[1], HIDDEN, CLASSES]
        self._start = [*Perceptron(sizes, random, dtype=np.float64).weights]

    def run(self, rate: float, slope: bool = True) -> tuple[Doubles, float]:
        """Return the loss of each step `(steps,)` before its update, and the derivative of their mean by the rate."""
        weights: list[Array] = self._start
        moves: list[Array] = [np.zeros_like(layer) for layer in weights]
        losses, slopes = np.empty(len(self._inputs)), np.zeros(len(self._inputs))
        for step, (x, targets) in enumerate(zip(self._inputs, self._targets, strict=True)):
            gradients, losses[step], kept = _backpropagate(weights, x, targets)
            if slope:
                slopes[step] = sum(float(np.vdot(a, b)) for a, b in zip(gradients, moves, strict=True))
                turned = _turn(weights, moves, x, kept)
                moves = [move - own - rate * turn for move, own, turn in zip(moves, gradients, turned, strict=True)]
            weights = [layer - rate * own for layer, own in zip(weights, gradients, strict=True)]
        return losses, float(slopes.mean())


def _backpropagate(weights: list[Array], x: Array, targets: Array) -> tuple[list[Array], float, list[Array]]:
    """Return the gradients of the mean loss, the loss, and what `_turn` needs: hidden units, and both errors."""
    hidden = np.tanh(apply(weights[0], x))
    losses, error = cross_entropy(apply(weights[1], hidden), targets)
    back = error @ weights[1][:-1].T
    gradients = [correlate(x, back * (1 - hidden**2)), correlate(hidden, error)]
    return gradients, float(losses.mean()), [hidden, error, error + targets, back]


def _turn(weights: list[Array], moves: list[Array], x: Array, kept: list[Array]) -> list[Array]:
    """Return the derivative of the gradients along a movement of the weights: Pearlmutter's operator."""
    hidden, error, shares, back = kept
    bent = 1 - hidden**2
    hidden_moves = bent * apply(moves[0], x)
    output_moves = hidden_moves @ weights[1][:-1] + apply(moves[1], hidden)
    error_moves = shares * (output_moves - (shares * output_moves).sum(axis=1, keepdims=True))
    back_moves = error_moves @ weights[1][:-1].T + error @ moves[1][:-1].T
    top = correlate(hidden, error_moves)
    top[:-1] += hidden_moves.T @ error / len(x)
    return [correlate(x, back_moves * bent - 2 * back * hidden * hidden_moves), top]
