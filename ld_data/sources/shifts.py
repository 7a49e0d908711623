"""Shifts: test inputs changed in ways that the models of a release never met, by name and parameters.

Random changes are keyed by (seed, row), where the first test row is row 0.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ld_data.checks import check_pixels
from ld_data.errors import InputError
from ld_data.noise import make_normals, make_uniforms
from ld_data.sources.source import Source
from ld_data.typing import Array, Floats
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.backgrounds import Patches, make_textures
from ld_data.variations.rotation import rotate_images
from ld_data.variations.stream import PRESETS

NOISE_STREAM, OCCLUSION_STREAM, MISSING_STREAM = (1 << 45), (1 << 45) + 1, (1 << 45) + 2
LEAST_VARIANCE = 0.01  # of a patch, as in `mnist-back-image`

Parameters = dict[str, float]


def plan_shifts(source: Source, seed: int) -> dict[str, Parameters]:
    """Return the parameters of each shift of a source, by name; a source that is varied itself has fewer.

    Raises:
        InputError: the inputs are neither grey images nor signals.
    """
    if (axes := source.inputs_test.ndim) not in (2, 3):
        raise InputError(
            f"shifts are for grey images (n, h, w) and signals (n, t); {source.name} has inputs of "
            f"{source.inputs_test.shape[1:]}."
        )
    if axes == 2:
        return {
            "noise": {"std": 0.5, "seed": seed},
            "scale": {"factor": 1.5},
            "missing": {"share": 0.2, "seed": seed},
        }
    plans: dict[str, Parameters] = {
        "rotation-15": {"degrees": 15},
        "rotation-30": {"degrees": 30},
        "noise": {"std": 0.3, "seed": seed},
        "occlusion": {"share": 0.36, "seed": seed},
        "background": {"brightness": 0.5, "seed": seed},
    }
    met = set(source.name.split("-")) if source.name in (*PRESETS, *PUBLICATIONS) else set()
    kinds = {"rotation": "rot", "background": "back"}
    return {name: own for name, own in plans.items() if kinds.get(name.partition("-")[0]) not in met}


def shift_inputs(name: str, inputs: Array, parameters: Mapping[str, float]) -> Floats:
    """Return inputs `(n, h, w)` or `(n, t)` changed by a shift of `plan_shifts`, float32; images stay in [0, 1].

    Raises:
        InputError: the shift or a parameter is unknown.
    """
    try:
        values = inputs.astype(np.float32) if inputs.ndim == 2 else check_pixels(inputs, "inputs")
        changed = _CHANGES[name](values, **parameters)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"no shift {name!r} with {dict(parameters)} is known. Known: {', '.join(_CHANGES)}."
        ) from error
    return (changed if inputs.ndim == 2 else np.clip(changed, 0, 1)).astype(np.float32)


def describe_parameters(parameters: Mapping[str, float]) -> str:
    """Return the parameters of a shift in words: "std 0.3, seed 0"."""
    return ", ".join(f"{name} {value:g}" for name, value in parameters.items())


def turn(images: Floats, degrees: float) -> Floats:
    """Return images turned counter-clockwise."""
    return rotate_images(images, np.full(len(images), np.deg2rad(degrees)))


def add_noise(inputs: Floats, std: float, seed: int) -> Array:
    """Return inputs with independent normal noise on each pixel or point."""
    flat = make_normals(seed, NOISE_STREAM, 0, len(inputs), inputs[0].size)
    return inputs + std * flat.reshape(inputs.shape)


def occlude(images: Floats, share: float, seed: int) -> Array:
    """Return images with a black rectangle anywhere inside, which has that share of height and width."""
    draws = make_uniforms(seed, OCCLUSION_STREAM, 0, len(images), 2)
    hidden = np.ones(images.shape, bool)
    for axis, length in enumerate(images.shape[1:]):
        size = round(share * length)
        start = np.floor(draws[:, axis, None] * (length - size + 1))
        inside = (np.arange(length) >= start) & (np.arange(length) < start + size)
        hidden &= np.expand_dims(inside, 2 - axis)
    return np.where(hidden, 0, images)


def add_background(images: Floats, brightness: float, seed: int) -> Array:
    """Return images on patches of artificial pictures, darkened to that brightness; the brighter pixel shows."""
    patches = Patches(make_textures(), images.shape[1:], LEAST_VARIANCE).make_rows(seed, 0, len(images))
    return np.maximum(images, brightness * patches)


def scale(signals: Floats, factor: float) -> Array:
    """Return signals times a factor."""
    return signals * factor


def drop_points(signals: Floats, share: float, seed: int) -> Array:
    """Return signals in which each point is 0, the mean of all signals, with a probability of that share."""
    return np.where(make_uniforms(seed, MISSING_STREAM, 0, *signals.shape) < share, 0, signals)


_CHANGES: dict[str, Callable[..., Array]] = {
    "rotation-15": turn,
    "rotation-30": turn,
    "noise": add_noise,
    "occlusion": occlude,
    "background": add_background,
    "scale": scale,
    "missing": drop_points,
}
