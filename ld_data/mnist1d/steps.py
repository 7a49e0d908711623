"""The steps from a template to a signal of MNIST-1D, for many rows at once, with given random numbers.

A template is padded, dilated, scaled and translated; its padding gets correlated noise, and every step independent
noise; then it is sheared, and sampled at t points.
"""

import math
from dataclasses import dataclass

import numpy as np

from ld_data.errors import InputError
from ld_data.mnist1d.config import MAX_DILATED, Mnist1dConfig
from ld_data.typing import Array, Doubles

CORRELATION_LENGTH = 2  # the sigma, in steps, of the filter that correlates the noise
TEMPLATE_OFFSET = 1e-8  # keeps a template's own zeros apart from padding, which is exactly zero


@dataclass(frozen=True)
class Draws:
    """The random numbers of n rows, for signals of l steps before they are sampled.

    Attributes:
        padding: `(n,)` steps of padding beyond the least.
        scale: `(n,)` uniform in [0, 1).
        translation: `(n,)` steps.
        corr_noise: `(n, l)` standard normal, not yet correlated.
        iid_noise: `(n, l)` standard normal.
        shear: `(n,)` uniform in [0, 1).
    """

    padding: Array
    scale: Array
    translation: Array
    corr_noise: Array
    iid_noise: Array
    shear: Array


def make_signals(dilated: Doubles, labels: Array, draws: Draws, config: Mnist1dConfig) -> Doubles:
    """Return signals `(n, t)`, not standardised, of dilated templates `(k, paddings, l)` and labels `(n,)`."""
    signals = dilated[labels, draws.padding]
    signals *= 1 + config.scale_coeff * (draws.scale[:, None] - 0.5)
    signals = translate(signals, draws.translation)
    signals = np.where(signals != 0, signals, correlate(config.corr_noise_scale * draws.corr_noise))
    signals += config.iid_noise_scale * draws.iid_noise
    slope = config.shear_scale * (draws.shear[:, None] - 0.5)
    signals -= slope * np.linspace(-0.5, 0.5, config.dilated_length)
    return interpolate(signals, config.final_seq_length)


def dilate(templates: Doubles, config: Mnist1dConfig, offset: float = TEMPLATE_OFFSET) -> Doubles:
    """Return every template with every padding, stretched to l steps, `(k, paddings, l)`; refuse over 2**27 numbers."""
    shape = len(templates), config.paddings, config.dilated_length
    if math.prod(shape) > MAX_DILATED:
        raise InputError(
            f"{shape[0]} templates under {shape[1]} paddings of {shape[2]} steps are more than {MAX_DILATED} numbers. "
            "Take a narrower padding or fewer classes."
        )
    dilated = np.empty(shape)
    for number in range(config.paddings):
        padded = np.pad(templates + offset, ((0, 0), (0, config.padding[0] + number)))
        dilated[:, number] = interpolate(padded, config.dilated_length)
    return dilated


def translate(signals: Doubles, steps: Array) -> Doubles:
    """Return each row of `(n, l)` rotated right by its own number of steps `(n,)`; l or more steps count as 0."""
    length = signals.shape[1]
    steps = np.where(steps < length, steps, 0)
    return np.take_along_axis(signals, (np.arange(length) - steps[:, None]) % length, axis=1)


def correlate(noise: Array) -> Doubles:
    """Return noise `(n, l)` smoothed by a Gaussian filter, reflected at the ends."""
    from scipy.ndimage import gaussian_filter1d  # import late: 0.1 s that only the generator should pay

    return gaussian_filter1d(noise, CORRELATION_LENGTH, axis=1)


def interpolate(values: Array, length: int) -> Doubles:
    """Return the last axis linearly interpolated at `length` evenly spaced points, both ends included."""
    old, new = np.linspace(0, 1, values.shape[-1]), np.linspace(0, 1, length)
    # side="right": at a step of the old grid the old value comes back exactly, so that padding stays exactly zero.
    left = np.clip(np.searchsorted(old, new, side="right") - 1, 0, len(old) - 2)
    slope = (values[..., left + 1] - values[..., left]) / (old[left + 1] - old[left])
    return np.where(new == old[left + 1], values[..., left + 1], slope * (new - old[left]) + values[..., left])
