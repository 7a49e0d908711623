"""The arms on latents: outputs projected onto the first k directions of y, a prior that helps and then hinders.

The linear map B from x to y has singular values s_i and right directions, of which the first nine span the class means.
Least squares on n rows, projected onto the first k, have over the best linear map the exact mean excess error
(sum of s_i^2 beyond k + sum of v_i up to k * p / (n - p - 1)) / d for p components of x from N(0, I), where v_i is the
variance of the residual along direction i. So few directions are best below a number of rows, and all nine beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.studies.design.trials import Outcome, compare
from eval.studies.double_descent.latents import fit_map
from eval.studies.inputs import Latents
from ld_data.typing import Doubles

CLASS_DIRECTIONS = 9  # ten class means span them


@dataclass(frozen=True, eq=False)
class Directions:
    """The linear map from x to y, along its right directions.

    Attributes:
        axes: the directions `(d, d)`, each a column.
        weights: the map `(d, d)` from x to the components of y along them.
        noise: the variance `(d,)` of the residual along each.
    """

    axes: Doubles
    weights: Doubles
    noise: Doubles

    def predict_excess(self, kept: int, rows: int) -> float:
        """Return the exact excess of least squares on so many rows, projected onto the first `kept` directions."""
        d = len(self.weights)
        lost, paid = np.square(self.weights[:, kept:]).sum(), self.noise[:kept].sum()
        return float(lost + paid * d / (rows - d - 1)) / d

    def find_crossing(self, kept: int, more: int = CLASS_DIRECTIONS) -> float:
        """Return the number of rows from which on `more` directions are better than the first `kept`."""
        d, between = len(self.weights), slice(kept, more)
        return float(d + 1 + d * self.noise[between].sum() / np.square(self.weights[:, between]).sum())


def find_directions(latents: Latents) -> Directions:
    """Return the right directions of the linear map of least squares from x to y."""
    weights = fit_map(latents)[0]
    axes = np.linalg.svd(weights)[2].T
    return Directions(axes, weights @ axes, np.square((latents.y - latents.x @ weights) @ axes).mean(axis=0))


def measure_projection(
    latents: Latents, seed: int, *, kept: int, rows: Sequence[int], draws: int, teacher: bool
) -> Outcome:
    """Return the excess of least squares, projected onto the first `kept` directions, over the number of rows.

    With a teacher, y is its linear map of x plus normal noise of the same variance along each direction, as the formula
    assumes. `crossing` is the number of rows at which all nine directions become better, on the same draws. Arms of one
    seed share their draws.
    """
    directions, random = find_directions(latents), np.random.default_rng((seed, 9 + teacher))
    d, turned = len(latents.x.T), latents.y @ directions.axes
    spread = np.eye(d) if teacher else latents.x.T @ latents.x / len(latents.x)  # of x: the error is over all its rows
    errors = np.empty((len(rows), draws, d))  # of each direction; an excess beyond the first few keeps that of no map
    for place, count in enumerate(rows):
        for draw in range(draws):
            if teacher:
                x = random.standard_normal((count, d))
                y = x @ directions.weights + np.sqrt(directions.noise) * random.standard_normal((count, d))
            else:
                chosen = random.integers(len(latents.x), size=count)
                x, y = latents.x[chosen], turned[chosen]
            gaps = np.linalg.solve(x.T @ x, x.T @ y) - directions.weights
            errors[place, draw] = (gaps * (spread @ gaps)).sum(axis=0) / d
    lost = (directions.weights * (spread @ directions.weights)).sum(axis=0) / d

    def project(count: int) -> Doubles:
        return errors[:, :, :count].sum(axis=2) + lost[count:].sum()

    excess, theory = project(kept), [directions.predict_excess(kept, count) for count in rows]
    curves = compare(rows, excess, theory)
    if kept >= CLASS_DIRECTIONS:
        return Outcome({}, curves)
    gain = (project(CLASS_DIRECTIONS) - excess).mean(axis=1)
    figures = {"crossing": interpolate(gain, rows, d), "predicted_crossing": directions.find_crossing(kept)}
    return Outcome(figures | {"crossing_ratio": figures["crossing"] / figures["predicted_crossing"]}, curves)


def interpolate(gain: Doubles, rows: Sequence[int], d: int) -> float:
    """Return the number of rows at which a gain, which falls with them, is 0: it is linear in 1 / (n - d - 1)."""
    inverse = float(np.interp(0.0, gain[::-1], 1 / (np.array(rows[::-1]) - d - 1)))
    return d + 1 + 1 / inverse
