"""The steps from a template to a signal of MNIST-1D, for many rows at once, with given random numbers.

A template is padded, dilated, scaled and translated; its padding gets correlated noise, and every step independent
noise; then it is sheared, and sampled at t points. The moments of the result are exact, without any draw, as is one
small matrix for each place: a pair of a padding and a translation. At one place, a signal of a class is a linear
function of t normals, its scale, its shear and 1.
"""

import math
from dataclasses import dataclass

import numpy as np

from ld_data.errors import InputError
from ld_data.mnist1d.config import MAX_DILATED, Mnist1dConfig
from ld_data.typing import Array, Doubles, Floats

CORRELATION_LENGTH = 2  # the sigma, in steps, of the filter that correlates the noise
TEMPLATE_OFFSET = 1e-8  # keeps a template's own zeros apart from padding, which is exactly zero
PROBE_STEPS = 64  # between impulses, so that their responses to the noise filter do not overlap
UNIFORM_VARIANCE = 1 / 12


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
    """Return noise `(n, l)` or `(l,)` smoothed by a Gaussian filter, reflected at the ends."""
    from scipy.ndimage import gaussian_filter1d  # import late: 0.1 s that only the generator should pay

    return gaussian_filter1d(noise, CORRELATION_LENGTH, axis=-1)


def interpolate(values: Array, length: int) -> Doubles:
    """Return the last axis linearly interpolated at `length` evenly spaced points, both ends included."""
    old, new = np.linspace(0, 1, values.shape[-1]), np.linspace(0, 1, length)
    # side="right": at a step of the old grid the old value comes back exactly, so that padding stays exactly zero.
    left = np.clip(np.searchsorted(old, new, side="right") - 1, 0, len(old) - 2)
    slope = (values[..., left + 1] - values[..., left]) / (old[left + 1] - old[left])
    return np.where(new == old[left + 1], values[..., left + 1], slope * (new - old[left]) + values[..., left])


def measure_moments(dilated: Doubles, config: Mnist1dConfig) -> tuple[float, float]:
    """Return the exact mean and std of a signal's points, over all points and the whole distribution.

    `dilated` is `(k, paddings, l)`. The mean product of neighbours over all rotations is a circular convolution.
    """
    length, t = dilated.shape[2], config.final_seq_length
    weights = np.zeros(length)
    weights[: config.max_translation] = 1 / config.max_translation
    weights[0] += max(0, config.max_translation - length) / config.max_translation

    def average(values: Doubles) -> Doubles:
        """Return the mean of rotated values `(k, paddings, l)` over classes, paddings and translations: `(l,)`."""
        return np.fft.irfft(np.fft.rfft(values.mean(axis=(0, 1))) * np.fft.rfft(weights), length)

    place = interpolate(np.arange(length), t)  # where each point is sampled: between the steps left and left + 1
    left = np.clip(place.astype(np.int64), 0, length - 2)
    right = place - left

    def sample_square(square: Doubles, product: Doubles) -> float:
        """Return the mean square of the points, from the mean squares of the steps and mean products of neighbours."""
        squares = (1 - right) ** 2 * square[left] + right**2 * square[left + 1]
        return float((squares + 2 * right * (1 - right) * product[left]).mean())

    def pair(values: Doubles) -> Doubles:
        return values * np.roll(values, -1, axis=-1)

    padding = (dilated == 0).astype(np.float64)
    responses = correlate((np.arange(length) % PROBE_STEPS == np.arange(PROBE_STEPS)[:, None]).astype(np.float64))
    slope = interpolate(make_slope(config), t)
    square = (1 + np.square(config.scale_coeff) * UNIFORM_VARIANCE) * sample_square(
        average(dilated**2), average(pair(dilated))
    )
    square += np.square(config.corr_noise_scale) * sample_square(
        average(padding) * (responses**2).sum(axis=0), average(pair(padding)) * pair(responses).sum(axis=0)
    )
    square += np.square(config.iid_noise_scale) * sample_square(np.ones(length), np.zeros(length))
    square += UNIFORM_VARIANCE * float((slope**2).mean())
    steps = average(dilated)
    mean = float(((1 - right) * steps[left] + right * steps[left + 1]).mean())
    return mean, float(np.sqrt(max(0.0, square - mean**2)))


def make_tables(dilated: Doubles, config: Mnist1dConfig, mean: float, std: float) -> Floats:
    """Return the matrix of each place, `(places, m + k + 2, t)` float32: features @ matrix is a standardised signal.

    The features are m normals (t of them, or 2 l if that is less), the scale in the column of the class, the shear
    between -1/2 and 1/2, and 1. Places are counted by padding, then by translation.
    """
    length, t = dilated.shape[2], config.final_seq_length
    steps = np.arange(config.max_translation)
    sampling = interpolate(np.eye(length), t)
    correlated = config.corr_noise_scale * correlate(np.eye(length))
    independent = np.broadcast_to(config.iid_noise_scale * sampling, (len(steps), length, t))
    ends = np.broadcast_to([interpolate(make_slope(config), t), np.full(t, -mean)], (len(steps), 2, t))
    tables = []
    for templates in dilated.swapaxes(0, 1):
        placed = np.stack([translate(np.tile(template, (len(steps), 1)), steps) for template in templates], axis=1)
        padding = (placed == 0).all(axis=1)
        noise = np.concatenate([correlated @ (padding[:, :, None] * sampling), independent], axis=1)
        # noise' noise is the covariance at the t points; its triangular factor is smaller and has the same.
        tables.append(np.concatenate([np.linalg.qr(noise, mode="r"), placed @ sampling, ends], axis=1) / std)
    return np.concatenate(tables).astype(np.float32)


def make_slope(config: Mnist1dConfig) -> Doubles:
    """Return the slope that a shear of 1 adds to a signal, `(l,)`."""
    return -config.shear_scale * np.linspace(-0.5, 0.5, config.dilated_length)
