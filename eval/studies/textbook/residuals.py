"""The arms of residual networks at their start: the size of the activity over the blocks.

With weights of variance 2 / units, a block h + W max(h, 0) doubles the mean square of h, and one that normalises h over
the batch first adds 1 (He et al., 2015; Understanding Deep Learning, 11.4). Both are exact means over weights for the
first block, and nearly so for later ones, where h and max(h, 0) of one unit go together.
"""

import numpy as np

from eval.studies.design.trials import AXIS, Outcome
from eval.studies.lottery.tickets import TwoSets
from ld_data.typing import Doubles

EPSILON = 1e-5  # of the normalisation


def measure_blocks(
    sets: TwoSets, seed: int, *, blocks: int, units: int, rows: int, networks: int, normalised: bool
) -> Outcome:
    """Return the mean square of the activity after each block, a mean over networks, beside the theory.

    It is divided by that before the first block; of normalised networks, that before the first block is subtracted.
    `variance` is the same for the variance over the rows, a mean over units, as the notebook prints it.
    """
    random, x = np.random.default_rng((seed, 4 + normalised)), sets.published.x_train.astype(np.float64)
    measured = np.empty((networks, 2, blocks))
    for network in range(networks):
        h = x[random.choice(len(x), rows, replace=False)] @ _draw(x.shape[1], units, random)
        sizes = [_measure(h)]
        for _ in range(blocks):
            z = (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + EPSILON) if normalised else h
            h = h + np.maximum(z, 0) @ _draw(units, units, random)
            sizes.append(_measure(h))
        start, later = sizes[0], np.array(sizes[1:])
        measured[network] = (later - start if normalised else later / start).T
    means, errors = measured.mean(axis=0), measured.std(axis=0, ddof=1) / np.sqrt(networks)
    places = np.arange(1.0, blocks + 1)
    curves = {AXIS: places, "theory": places if normalised else 2**places, "measured": means[0], "error": errors[0]}
    curves |= {"variance": means[1], "variance_error": errors[1]}
    return Outcome({}, {name: values.tolist() for name, values in curves.items()})


def _draw(inputs: int, units: int, random: np.random.Generator) -> Doubles:
    limit = np.sqrt(6 / inputs)
    return random.uniform(-limit, limit, (inputs, units))


def _measure(h: Doubles) -> tuple[float, float]:
    """Return the mean square of activity `(n, units)`, and the mean over units of its variance over rows."""
    return float(np.square(h).mean()), float(h.var(axis=0).mean())
