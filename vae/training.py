"""Training: a configuration and inputs in, fitted models out, the same for the same seed."""

from dataclasses import replace
from typing import Literal

import keras
import numpy as np
from tqdm.keras import TqdmCallback

from ld_data.batches import make_batches
from ld_data.errors import InputError
from ld_data.source import Source
from vae.cells import make_cells_of
from vae.codec import Codec
from vae.config import CLASS_RECIPE, VaeConfig
from vae.gaussian_classes import GaussianClasses
from vae.inputs import InputCodec, prepare_inputs
from vae.model import Vae

YKind = Literal["cells", "gaussian"]


def train_vae(config: VaeConfig, inputs: np.ndarray, *, progress: bool = True) -> Vae:
    """Return a VAE fitted to inputs `(n, *input_shape)` float32, with a progress bar that names the loss's terms.

    Raises `InputError` if the inputs have another shape or are fewer than one batch.
    """
    if inputs.shape[1:] != config.input_shape:
        raise InputError(f"inputs must have shape (n, *{config.input_shape}); received {inputs.shape}.")
    if len(inputs) < config.batch_size:
        raise InputError(f"training needs at least one batch of {config.batch_size} rows; received {len(inputs)}.")
    steps = len(inputs) // config.batch_size
    batches = make_batches((inputs,), config.batch_size, config.seed)
    schedule = keras.optimizers.schedules.CosineDecay(config.learning_rate, config.epochs * steps)
    vae = Vae(config)
    vae.compile(optimizer=keras.optimizers.Adam(schedule))
    callbacks = [TqdmCallback(verbose=0, desc=f"{config.likelihood} VAE")] if progress else []
    vae.fit(batches, steps_per_epoch=steps, epochs=config.epochs, shuffle=False, verbose=0, callbacks=callbacks)
    fitted = Vae(config)  # without the optimizer, which would be saved beside the weights
    fitted.encoder.set_weights(vae.encoder.get_weights())
    fitted.decoder.set_weights(vae.decoder.get_weights())
    return fitted


def train_codec(source: Source, config: VaeConfig, y_kind: YKind = "cells", *, progress: bool = True) -> Codec:
    """Return the models of a source: a VAE of its inputs, and the exact cells or a trained class VAE of its labels."""
    inputs = prepare_inputs(source.make_fit_inputs(config.seed), config)
    x = InputCodec(train_vae(config, inputs, progress=progress))
    if y_kind == "cells":
        return Codec(x, make_cells_of(source.label_train, source.classes, config.latent_dim))
    return Codec(x, train_gaussian_classes(source, config.latent_dim, config.seed, progress=progress))


def train_gaussian_classes(source: Source, latent_dim: int, seed: int = 0, *, progress: bool = True) -> GaussianClasses:
    """Return the trained class VAE of a source's training labels."""
    config = replace(CLASS_RECIPE, input_shape=(source.classes,), latent_dim=latent_dim, seed=seed)
    one_hot = np.eye(source.classes, dtype=np.float32)[source.label_train]
    frequency = np.bincount(source.label_train, minlength=source.classes) / len(source.label_train)
    return GaussianClasses(train_vae(config, one_hot, progress=progress), frequency)
