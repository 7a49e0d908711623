"""Other decoders, from published latents directly to inputs, to compare with the decoder through the inverse flow.

They learn from the release itself: one half of a batch are draws from the posteriors of training inputs, with those
inputs as targets, the other half are vectors of N(0, I), with the outputs of the published decoder as targets.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import keras
import numpy as np
from keras import KerasTensor, ops

from ld_data.batches import make_batches
from ld_data.errors import UnknownNameError
from ld_data.typing import Array
from vae.config import VaeConfig
from vae.model.layers import Parts
from vae.runtime.onnx_network import FrozenVae, Network
from vae.training.objective import augment, fold_seed
from vae.training.onnx_export import export
from vae.training.train import fit

BATCH_ROWS = 256
LEARNING_RATE = 2e-3
AVERAGING = 0.999
CHANNELS = 32, 16  # of the convolutions, at a quarter and at half of the image's height
LEAST_UNITS = 256  # of the dense layer before the convolutions


def choose_alternatives(input_shape: tuple[int, ...], only: Sequence[str] | None = None) -> list[str]:
    """Return the names of the alternatives for inputs of a shape, convolutions only for images; or those of `only`.

    Raises:
        UnknownNameError: `only` holds another name.
    """
    convolves = len(input_shape) > 1 and not any(side % 4 for side in input_shape[:2])
    known = [name for name, make in ALTERNATIVES.items() if convolves or make not in CONVOLUTIONS]
    if unknown := [name for name in only or () if name not in known]:
        raise UnknownNameError(f"no decoder {unknown[0]!r} for inputs {input_shape}. Known: {', '.join(known)}.")
    return list(only or known)


def train_alternative(name: str, vae: FrozenVae, inputs: Array, steps: int, seed: int = 0) -> Network:
    """Return the alternative of that name, fitted in `steps` steps to prepared training inputs `(n, *input_shape)`."""
    config = replace(
        vae.config, epochs=1, batch_size=BATCH_ROWS, learning_rate=LEARNING_RATE, averaging=AVERAGING, seed=seed
    )
    model, lessons = make_alternative(name, config), make_lessons(vae, inputs, seed)
    fit(model, lessons, steps * BATCH_ROWS, config, name, _sum_squares)
    return export(model, latents=(config.latent_dim,))


def make_alternative(name: str, config: VaeConfig) -> keras.Model:
    """Return the alternative of that name, untrained: latents `(n, d)` to means of the likelihood `(n, *input_shape)`.

    The configuration gives the shapes, the kind of inputs, and the seed.
    """
    latents = keras.Input((config.latent_dim,), name="latents")
    output = ALTERNATIVES[name](latents, config.input_shape, Parts(config.seed))
    output = ops.reshape(output, (-1, *config.input_shape))
    return keras.Model(latents, ops.sigmoid(output) if config.has_pixels else output)


def make_lessons(vae: FrozenVae, inputs: Array, seed: int) -> Iterator[tuple[Array, Array]]:
    """Yield latents `(n, d)` and their targets `(n, *input_shape)`, without end.

    Images are augmented as in the training of the release. `n` is 256, or twice the number of inputs if that is less.
    """
    strength, latent_dim = vae.config.augmentation, vae.config.latent_dim
    random, changes = np.random.default_rng(seed), keras.random.SeedGenerator(fold_seed(seed))
    half = min(BATCH_ROWS // 2, len(inputs))
    for (chosen,) in make_batches((inputs,), half, seed):
        originals = ops.convert_to_numpy(augment(chosen, strength, changes)) if strength else chosen
        noise, normals = random.normal(size=(2, half, latent_dim)).astype(np.float32)
        latents = np.concatenate([vae.encoder.run(originals, noise)[0], normals])
        yield latents, np.concatenate([originals, vae.decoder.run(normals)[0]])


def _sum_squares(targets: KerasTensor, decoded: KerasTensor) -> KerasTensor:
    errors = ops.square(targets - decoded)
    return ops.sum(errors, axis=tuple(range(1, len(errors.shape))))


def _make_dense(latents: KerasTensor, shape: tuple[int, ...], parts: Parts, units: Sequence[int]) -> KerasTensor:
    values = latents
    for width in units:
        values = parts.make(keras.layers.Dense, width, "silu")(values)
    return parts.make(keras.layers.Dense, math.prod(shape))(values)


def _make_residual(latents: KerasTensor, shape: tuple[int, ...], parts: Parts) -> KerasTensor:
    """Six dense layers, each but the first and the last added to its input."""
    values = parts.make(keras.layers.Dense, 512)(latents)
    for _ in range(4):
        values += parts.make(keras.layers.Dense, 512)(ops.silu(values))
    return parts.make(keras.layers.Dense, math.prod(shape))(ops.silu(values))


def _make_subpixel(latents: KerasTensor, shape: tuple[int, ...], parts: Parts) -> KerasTensor:
    """Convolutions with four channels for each, and a block of 2 by 2 pixels for each four: Shi et al., CVPR 2016."""
    values = _make_planes(latents, shape, parts)
    for channels in (*CHANNELS[1:], *(shape[2:] or (1,))):
        values = parts.make(keras.layers.Conv2D, 4 * channels, 3, padding="same")(ops.silu(values))
        _, height, width, _ = values.shape
        blocks = ops.reshape(values, (-1, height, width, 2, 2, channels))
        values = ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (-1, 2 * height, 2 * width, channels))
    return values


def _make_transposed(latents: KerasTensor, shape: tuple[int, ...], parts: Parts) -> KerasTensor:
    """Two transposed convolutions of stride 2."""
    values = _make_planes(latents, shape, parts)
    for channels in (*CHANNELS[1:], *(shape[2:] or (1,))):
        convolution = parts.make(keras.layers.Conv2DTranspose, channels, 3, strides=2, padding="same")
        values = convolution(ops.silu(values))
    return values


def _make_planes(latents: KerasTensor, shape: tuple[int, ...], parts: Parts) -> KerasTensor:
    """Return `(n, h/4, w/4, channels)`, made by two dense layers."""
    planes = (shape[0] // 4, shape[1] // 4, CHANNELS[0])
    values = parts.make(keras.layers.Dense, LEAST_UNITS, "silu")(latents)
    return ops.reshape(parts.make(keras.layers.Dense, math.prod(planes))(values), (-1, *planes))


CONVOLUTIONS = (_make_subpixel, _make_transposed)
ALTERNATIVES: dict[str, Callable[[KerasTensor, tuple[int, ...], Parts], KerasTensor]] = {
    "dense-512-512": partial(_make_dense, units=(512, 512)),
    "dense-512-1024": partial(_make_dense, units=(512, 1024)),
    "residual-6x512": _make_residual,
    "subpixel": _make_subpixel,
    "transposed": _make_transposed,
}
