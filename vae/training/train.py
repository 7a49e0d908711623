"""Training: a configuration and inputs in, fitted models out, equal for equal seeds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops
from tqdm.keras import TqdmCallback

from ld_data.batches import make_batches, take_batches
from ld_data.errors import InputError
from ld_data.noise import make_normals
from ld_data.progress import open_progress
from ld_data.sources.source import Source
from ld_data.typing import Array
from vae.codec import Codec
from vae.config import VaeConfig
from vae.model import gaussian
from vae.model.flow import Flow
from vae.model.vae import Vae
from vae.recipes import Recipe
from vae.runtime.cell_solver import make_cells_of
from vae.runtime.cells import Cells, GaussianClasses
from vae.runtime.input_codec import InputCodec, prepare_inputs
from vae.training.objective import FlowObjective, Objective
from vae.training.onnx_export import freeze, freeze_classes

CHUNK_ROWS = 1024  # of draws and posteriors
FLOW_BATCH_ROWS = 512
STANDARDISING_STREAM = 1 << 42  # of the noise in the draws that standardise the flow; no release uses this stream
STANDARDISING_ROWS, STANDARDISING_REPEATS = 240_000, 4  # the most draws in all, and of each input
WARMUP_STEPS = 300
AVERAGES = 10  # a running average spans at most this fraction, 1 / 10, of the training
GREATEST_GRADIENT = 100.0  # norm for one weight array: clips only the outliers of the first steps


def train_vae(config: VaeConfig, inputs: Array, labels: Array) -> Vae:
    """Return a VAE fitted to inputs `(n, *input_shape)` float32 and their classes `(n,)`, under a progress bar.

    The classes matter only if the configuration weights its `class_loss`.

    Raises:
        InputError: the inputs have another shape, or are fewer than one batch.
    """
    if inputs.shape[1:] != config.input_shape:
        raise InputError(f"inputs must have shape (n, *{config.input_shape}); received {inputs.shape}.")
    if len(inputs) < config.batch_size:
        raise InputError(f"training needs at least one batch of {config.batch_size} rows; received {len(inputs)}.")
    vae = Vae(config)
    objective = Objective(vae, int(labels.max()) + 1, config.epochs * (len(inputs) // config.batch_size))
    batches = make_batches((inputs, labels), config.batch_size, config.seed)
    fit(objective, batches, len(inputs), config, f"{config.likelihood} VAE")
    if vae.flow is not None and config.flow_epochs:
        _fit_flow(vae, vae.flow, objective.classifier, inputs, labels)
    return vae


def _fit_flow(vae: Vae, flow: Flow, classifier: keras.Model, inputs: Array, labels: Array) -> None:
    """Fit the flow of a trained VAE to fresh draws from the posteriors of inputs, and standardise it.

    Encoder and decoder do not change.
    """
    config = replace(
        vae.config,
        epochs=vae.config.flow_epochs,
        batch_size=min(FLOW_BATCH_ROWS, len(inputs)),
        learning_rate=vae.config.flow_learning_rate,
    )
    both = _in_chunks(lambda chunk, _: ops.concatenate(vae.encoder(chunk), axis=1), inputs)
    batches = make_batches((*np.split(both, 2, axis=1), labels), config.batch_size, config.seed)
    posteriors = (((z_mean, z_log_var), label) for z_mean, z_log_var, label in batches)
    fit(FlowObjective(vae, flow, classifier), posteriors, len(inputs), config, "flow")
    rows = inputs[:STANDARDISING_ROWS]
    repeats = min(STANDARDISING_REPEATS, -(-STANDARDISING_ROWS // len(rows)))
    flow.standardise(np.concatenate([_in_chunks(partial(_draw_latents, vae, seed), rows) for seed in range(repeats)]))


def _draw_latents(vae: Vae, seed: int, inputs: Array, first_row: int) -> KerasTensor:
    noise = make_normals(seed, STANDARDISING_STREAM, first_row, len(inputs), vae.config.latent_dim).astype(np.float32)
    z_mean, z_log_var = vae.encoder(inputs)
    return vae.to_outer(gaussian.sample(z_mean, z_log_var, noise))


def _in_chunks(function: Callable[[Array, int], KerasTensor], rows: Array) -> Array:
    """Return the results of a function of some rows and the number of the first."""
    starts = range(0, len(rows), CHUNK_ROWS)
    return np.concatenate([ops.convert_to_numpy(function(rows[i : i + CHUNK_ROWS], i)) for i in starts])


def fit(
    model: keras.Model,
    batches: Iterator[tuple[Any, ...]],
    rows: int,
    config: VaeConfig,
    title: str,
    loss: Callable[[KerasTensor, KerasTensor], KerasTensor] | None = None,
) -> None:
    """Fit a model by Adam on a cosine schedule; with `averaging` it ends with the running average of its weights.

    A pass is as many batches as `rows` fill. Without a `loss` of targets and outputs the model uses its own.
    """
    steps = rows // config.batch_size
    total = config.epochs * steps
    warmup = min(WARMUP_STEPS, total // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 10, total - warmup, warmup_target=config.learning_rate, warmup_steps=warmup
    )
    momentum = min(config.averaging, 1 - AVERAGES / max(total, AVERAGES))  # a short training forgets its start
    averaging = {"use_ema": True, "ema_momentum": momentum} if momentum else {}
    optimizer = keras.optimizers.Adam(schedule, clipnorm=GREATEST_GRADIENT, **averaging)
    # By default Keras compiles TensorFlow's graph by XLA, which makes convolutions on processors 50 % slower.
    model.compile(optimizer, loss, jit_compile="auto" if keras.backend.backend() != "tensorflow" else False)
    optimizer.build(model.trainable_variables)  # else Keras traces the first step twice, once to make its variables
    progress = TqdmCallback(verbose=1, desc=title, mininterval=0.5, file=open_progress(), disable=None)
    batches = take_batches(batches, total)
    model.fit(batches, steps_per_epoch=steps, epochs=config.epochs, shuffle=False, verbose=0, callbacks=[progress])


def train_codec(source: Source, recipe: Recipe) -> Codec:
    """Return the models of a source: a VAE of its inputs, and the exact cells or a trained class VAE of its labels.

    Raises:
        InputError: the classes do not fit into the latent size, or the recipe does not fit the source.
    """
    y: Cells | GaussianClasses
    if recipe.y == "cells":  # first, since classes may not fit into d dimensions
        y = make_cells_of(source.label_train, source.classes, recipe.x.latent_dim)
    else:
        classes = replace(recipe.classes, latent_dim=recipe.x.latent_dim, seed=recipe.x.seed)
        y = train_gaussian_classes(classes, source)
    inputs, labels = source.make_fit_set(recipe.x.seed)
    trained = train_vae(recipe.x, prepare_inputs(inputs, recipe.x), labels)
    return Codec(InputCodec(freeze(trained)), y)


def train_gaussian_classes(config: VaeConfig, source: Source) -> GaussianClasses:
    """Return the class VAE of a configuration, fitted to a source's training labels."""
    one_hot = np.eye(source.classes, dtype=np.float32)[source.label_train]
    frequency = np.bincount(source.label_train, minlength=source.classes) / len(source.label_train)
    return freeze_classes(train_vae(config, one_hot, source.label_train), frequency)
