"""The arm on latents: feedback weights of feedback alignment, learned through whole trainings, in JAX.

A linear network x -> h -> y learns the map B of latents from first weights 0 below and W above. x is N(0, I), so that
the mean step of all rows is known: the lower weights move by e (B - product) F, with feedback weights F in the place of
the transpose of W. After one step the best F is the pseudo-inverse of W over e, and the excess that is left is exactly
that of B outside the rows of W: the step of Gauss and Newton (Meulemans et al., 2020), and not the gradient.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from eval.studies.design.trials import AXIS, Outcome
from eval.studies.double_descent.latents import fit_map
from eval.studies.inputs import Latents
from ld_data.typing import Array, Doubles

RATES = np.geomspace(0.01, 30, 25)
SMALL = 0.1  # of random weights: the first ones that are learned, since larger ones may diverge


def learn_feedback(latents: Latents, seed: int, *, spans: Sequence[int], hidden: int, outer: int) -> Outcome:
    """Return the excess, as a share of that without training, over the steps of a training.

    `learned` is that of learned feedback weights, `theory` that after one step. `to_transpose` and `to_inverse` are
    angles of the learned weights in degrees, where directions of y count by what B makes of them. Backpropagation and
    random weights have the best rate of a grid each, and the learned ones that of backpropagation.
    """
    target, random = fit_map(latents)[0], np.random.default_rng((seed, 12))
    target /= np.linalg.norm(target)
    top, fixed = (random.normal(size=(hidden, len(target))) / np.sqrt(hidden) for _ in range(2))
    inverse = np.linalg.pinv(top)
    left = float(np.square(target - target @ inverse @ top).sum())
    names = ("learned", "backpropagation", "feedback_alignment", "theory", "to_transpose", "to_inverse")
    curves: dict[str, list[float]] = {AXIS: [float(span) for span in spans]} | {name: [] for name in names}
    for span in spans:
        run = jax.jit(partial(descend, jnp.asarray(target), jnp.asarray(top), span))
        gradient, random_feedback = ([float(run(own.T, rate)) for rate in RATES] for own in (top, fixed))
        rate = float(RATES[np.nanargmin(gradient)])
        learned, excess = optimise(run, SMALL * fixed.T, rate, outer)
        angles = (measure_angle(target, learned, other) for other in (top.T, inverse))
        others = (excess, np.nanmin(gradient), np.nanmin(random_feedback), left, *angles)
        for name, value in zip(names, others, strict=True):
            curves[name].append(float(value))
    return Outcome({}, curves)


def descend(target: Any, top: Any, steps: int, feedback: Any, rate: Any) -> Any:
    """Return the squared norm of what is left of a map `(d, d)` after a training with feedback weights `(d, h)`."""

    def step(state: Any, _: None) -> tuple[Any, None]:
        below, above = state
        error = target - below @ above
        return (below + rate * error @ feedback, above + rate * below.T @ error), None

    (below, above), _ = jax.lax.scan(step, (jnp.zeros((len(target), len(top))), top), length=steps)
    return jnp.square(target - below @ above).sum()


def optimise(run: Any, start: Doubles, rate: float, outer: int) -> tuple[Doubles, float]:
    """Return feedback weights `(d, h)` that leave the least, from a start on, and what they leave."""
    slope = jax.jit(jax.value_and_grad(run))

    def measure(values: Doubles) -> tuple[float, Doubles]:
        value, own = slope(values.reshape(start.shape), rate)
        return float(value), np.asarray(own, np.float64).ravel()

    found = minimize(measure, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": outer, "ftol": 0})
    return found.x.reshape(start.shape), float(found.fun)


def measure_angle(target: Array, first: Array, second: Array) -> float:
    """Return the angle in degrees of two matrices `(d, h)`, after a map `(d, d)`."""
    one, other = ((target @ values).ravel() for values in (first, second))
    return float(np.degrees(np.arccos(one @ other / np.linalg.norm(one) / np.linalg.norm(other))))
