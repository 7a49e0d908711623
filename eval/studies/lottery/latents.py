"""The arms on latents: a mask of a linear map costs exactly the energy that it leaves out, wherever its values lie.

Components of x from N(0, I) are uncorrelated, so that the best linear map on a support is the full map B there. Least
squares on n rows, for an output k with p_k inputs, have the exact mean squared error v_k (1 + p_k / (n - p_k - 1)),
where v_k is the noise plus the squared norm of the entries of B that are left out.
"""

from collections.abc import Sequence

import numpy as np

from eval.ladder.rotations import draw_orthogonal
from eval.studies.design.trials import Outcome, compare
from eval.studies.double_descent.latents import fit_map
from eval.studies.inputs import Latents
from ld_data.typing import Array, Doubles

ROTATION_STREAM = 1 << 46


def measure_masks(latents: Latents, seed: int, *, kept: Sequence[float], rows: int, draws: int, chosen: str) -> Outcome:
    """Return the error of least squares on masks over the share of kept entries, for a linear teacher with the map B.

    Masks are `chosen` by "magnitude" of the entries of B, by those of B for x turned by a random "rotation", or at
    "random". The curve `energy` is the share of the squared norm of B that the mask keeps.
    """
    weights, noise = fit_map(latents)
    random, d = np.random.default_rng((seed, 8)), len(weights)
    if chosen == "rotation":
        weights = draw_orthogonal(d, seed, ROTATION_STREAM) @ weights
    scores = random.random(weights.shape) if chosen == "random" else np.abs(weights)
    errors, theory, energy = [], [], []
    for share in kept:
        mask = scores >= np.quantile(scores, 1 - share)
        errors.append([measure_error(weights, mask, noise, rows, random) for _ in range(draws)])
        inputs, lost = mask.sum(axis=0), np.square(weights * ~mask).sum(axis=0)
        theory.append(((noise + lost) * (1 + inputs / (rows - inputs - 1))).mean())
        energy.append(float(1 - lost.sum() / np.square(weights).sum()))
    return Outcome({}, compare(kept, np.array(errors), theory) | {"energy": energy})


def measure_error(weights: Doubles, mask: Array, noise: float, rows: int, random: np.random.Generator) -> float:
    """Return the error, over all x, of least squares on a mask `(d, d)`, fitted to so many rows of the teacher."""
    x = random.standard_normal((rows, len(weights)))
    y = x @ weights + np.sqrt(noise) * random.standard_normal((rows, weights.shape[1]))
    own = np.zeros_like(weights)
    for output, inputs in enumerate(mask.T):
        own[inputs, output] = np.linalg.lstsq(x[:, inputs], y[:, output])[0]
    return float(np.square(own - weights).sum() / weights.shape[1] + noise)
