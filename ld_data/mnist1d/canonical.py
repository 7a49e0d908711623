"""Canonical mode: the signals of the original MNIST-1D, float32-equal to the published arrays by default.

The random draws have the original's order, from a private random state of the original's kind; all other steps are
vectorised over rows.
"""

import numpy as np

from ld_data.mnist1d.config import Mnist1dConfig, check_std, count_rows
from ld_data.mnist1d.steps import Draws, dilate, make_signals
from ld_data.typing import Doubles, Integers


def make_canonical(templates: Doubles, config: Mnist1dConfig) -> tuple[Doubles, Integers, float]:
    """Return all signals `(n, t)` float64, their classes `(n,)` int64, and the std that divided them.

    The whole set is centred and divided by its std, so that a row depends on all rows.
    """
    random = np.random.RandomState(config.seed)
    labels = np.repeat(np.arange(len(templates)), count_rows(config, len(templates)) // len(templates))
    signals = make_signals(dilate(templates, config), labels, _draw(random, config, len(labels)), config)
    order = random.permutation(len(labels))
    signals, labels = signals[order], labels[order]
    if config.shuffle_seq:
        signals = signals[:, random.permutation(config.final_seq_length)]
    mean, std = signals.mean(), float(signals.std())
    check_std(mean, std, config)
    return (signals - mean) / std, labels, std


def _draw(random: np.random.RandomState, config: Mnist1dConfig, rows: int) -> Draws:
    """Return the draws row by row: the original's normals and integers use a varying number of random words."""
    length = config.dilated_length
    padding, scale, shear = np.empty(rows), np.empty(rows), np.empty(rows)
    translation, noise = np.empty(rows, np.int64), np.empty((rows, 2 * length))
    uniform, integer, normal = random.random_sample, random.randint, random.standard_normal
    for row in range(rows):
        padding[row] = uniform()
        scale[row] = uniform()
        translation[row] = integer(config.max_translation)
        noise[row] = normal(2 * length)
        shear[row] = uniform()
    padding = (padding * config.paddings).astype(np.int64)
    return Draws(padding, scale, translation, noise[:, :length], noise[:, length:], shear)
