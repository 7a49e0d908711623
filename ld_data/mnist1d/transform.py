"""The original package's `mnist1d.transform`: its steps for one signal, from numpy's global random state."""

import dataclasses
import secrets
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ld_data.errors import InputError
from ld_data.mnist1d import steps
from ld_data.mnist1d.config import Mnist1dConfig, check_templates
from ld_data.typing import Array

# ruff: noqa: N803, NPY002 - the original's argument names, and notebooks seed the global random state
SET_ARGUMENTS = ("num_samples", "train_split", "shuffle_seq", "seed")  # arguments that a single signal does not need


def pad(x: Array, padding: tuple[int, int]) -> Array:
    """Return a signal `(l,)` or signals `(n, l)` with zeros at the end, their number drawn from an interval."""
    low, high = padding
    zeros = low + int(np.random.rand() * (high - low + 1))
    return np.concatenate([x, np.zeros((*x.shape[:-1], zeros))], axis=-1)


def shear(x: Array, scale: float = 10) -> Array:
    """Return a signal `(l,)` with a slope drawn from the uniform distribution of that width around 0."""
    return x - scale * (np.random.rand() - 0.5) * np.linspace(-0.5, 0.5, len(x))


def translate(x: Array, max_translation: int) -> Array:
    """Return a signal `(l,)` rotated right by 0 to `max_translation` - 1 steps; l or more steps count as 0."""
    return steps.translate(x[None], np.random.randint(max_translation, size=1))[0]


def corr_noise_like(x: Array, scale: float) -> Array:
    """Return normal noise of the length of a signal `(l,)`, smoothed after it had the std `scale`."""
    return steps.correlate(scale * np.random.randn(*x.shape))


def iid_noise_like(x: Array, scale: float) -> Array:
    """Return independent normal noise of the shape of x, with the std `scale`."""
    return scale * np.random.randn(*x.shape)


def interpolate(x: Array, N: int) -> Array:
    """Return a signal `(l,)`, or columns `(l, n)`, linearly interpolated at N evenly spaced points: `(N, ...)`."""
    return steps.interpolate(np.asarray(x).T, N).T


def transform(x: Array, y: Array, args: Any, eps: float = 1e-8) -> tuple[Array, Array]:
    """Return a signal `(t,)` of one template `(l,)`, not standardised, and its time axis `(t,)`.

    Raises:
        InputError: an argument is missing or out of range; `SET_ARGUMENTS` may be missing.
    """
    config = read_args(args, SET_ARGUMENTS)
    signal = interpolate(pad(check_templates([x])[0] + eps, config.padding), config.dilated_length)
    signal = translate(signal * (1 + config.scale_coeff * (np.random.rand() - 0.5)), config.max_translation)
    signal = np.where(signal != 0, signal, corr_noise_like(signal, config.corr_noise_scale))
    signal = shear(signal + iid_noise_like(signal, config.iid_noise_scale), config.shear_scale)
    times = interpolate(interpolate(y, config.dilated_length), config.final_seq_length)
    return interpolate(signal, config.final_seq_length), times


def read_args(args: Any, optional: Collection[str] = ()) -> Mnist1dConfig:
    """Return the configuration of any object with the arguments as attributes, or of a dictionary.

    The seed None is replaced by another one each time.

    Raises:
        InputError: an argument that is not `optional` is missing, or one is out of range.
    """
    names = [field.name for field in dataclasses.fields(Mnist1dConfig)]
    given = args if isinstance(args, Mapping) else {name: getattr(args, name) for name in names if hasattr(args, name)}
    values = {name: given[name] for name in names if name in given}
    if missing := [name for name in names if name not in values and name not in optional]:
        raise InputError(
            f"the arguments lack {', '.join(missing)}; `get_dataset_args()` has them all. Received "
            f"{type(args).__name__}."
        )
    if values.get("seed", 0) is None:
        values["seed"] = secrets.randbits(32)
    return Mnist1dConfig(**values)
