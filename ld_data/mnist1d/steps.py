"""The steps from a template to a signal of MNIST-1D, for many rows at once, given the random numbers.

A template is padded, dilated, scaled and translated, gets correlated noise where its padding is and independent noise
everywhere, is sheared, and is sampled at t points.
"""

import math
from dataclasses import dataclass

import numpy as np

from ld_data.errors import InputError
from ld_data.mnist1d.config import MAX_DILATED, Mnist1dConfig

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

    padding: np.ndarray
    scale: np.ndarray
    translation: np.ndarray
    corr_noise: np.ndarray
    iid_noise: np.ndarray
    shear: np.ndarray


def make_signals(dilated: np.ndarray, labels: np.ndarray, draws: Draws, config: Mnist1dConfig) -> np.ndarray:
    """Return signals `(n, t)`, not yet standardised, of dilated templates `(k, paddings, l)` and labels `(n,)`."""
    signals = dilated[labels, draws.padding]
    signals *= 1 + config.scale_coeff * (draws.scale[:, None] - 0.5)
    signals = translate(signals, draws.translation)
    signals = np.where(signals != 0, signals, correlate(config.corr_noise_scale * draws.corr_noise))
    signals += config.iid_noise_scale * draws.iid_noise
    slope = config.shear_scale * (draws.shear[:, None] - 0.5)
    signals -= slope * np.linspace(-0.5, 0.5, config.dilated_length)
    return interpolate(signals, config.final_seq_length)


def dilate(templates: np.ndarray, config: Mnist1dConfig, offset: float = TEMPLATE_OFFSET) -> np.ndarray:
    """Return every template of `(k, length)` under every padding, stretched to l steps: `(k, paddings, l)`.

    Raises `InputError` if these are too many numbers.
    """
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


def translate(signals: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return each row of `(n, l)` rotated right by its own number of steps `(n,)`; by l or more it stays as it is."""
    length = signals.shape[1]
    steps = np.where(steps < length, steps, 0)
    return np.take_along_axis(signals, (np.arange(length) - steps[:, None]) % length, axis=1)


def correlate(noise: np.ndarray) -> np.ndarray:
    """Return noise `(n, l)` smoothed by a Gaussian filter, reflected at the ends."""
    from scipy.ndimage import gaussian_filter1d  # see `ld_data.noise`

    return gaussian_filter1d(noise, CORRELATION_LENGTH, axis=1)


def interpolate(values: np.ndarray, length: int) -> np.ndarray:
    """Return the last axis linearly interpolated at `length` evenly spaced points, both ends included."""
    old, new = np.linspace(0, 1, values.shape[-1]), np.linspace(0, 1, length)
    # side="right": at a step of the old grid the old value comes back exactly, so that padding stays exactly zero.
    left = np.clip(np.searchsorted(old, new, side="right") - 1, 0, len(old) - 2)
    slope = (values[..., left + 1] - values[..., left]) / (old[left + 1] - old[left])
    return np.where(new == old[left + 1], values[..., left + 1], slope * (new - old[left]) + values[..., left])
