"""Fits of Keras models, with explicit seeds instead of Keras' global random state."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import keras
import numpy as np
from tqdm.keras import TqdmCallback

from ld_data.batches import make_batches, take_batches
from ld_data.progress import open_progress
from ld_data.typing import Array, Floats, Integers

Redraw: TypeAlias = Callable[[Integers], Array]  # new targets `(n, ...)` of the rows of these numbers `(n,)`
MakeOptimizer: TypeAlias = Callable[[object], keras.optimizers.Optimizer]  # of a learning rate or its schedule
ADAMW: MakeOptimizer = partial(keras.optimizers.AdamW, weight_decay=1e-3)


@dataclass(frozen=True)
class FitPlan:
    """The plan of a fit.

    Attributes:
        batch_rows: rows a step.
        learning_rate: constant, or, with `cosine`, the start of a cosine that ends at 0.
        optimizer: makes the optimizer from a learning rate or its schedule.
        seed: of the order of the rows.
        held_out: share of rows that choose the weights of the best epoch; 0 keeps the weights of the last.
    """

    epochs: int
    batch_rows: int
    learning_rate: float
    optimizer: MakeOptimizer = ADAMW
    cosine: bool = True
    seed: int = 0
    held_out: float = 0.0


def fit_model(
    model: keras.Model,
    loss: keras.losses.Loss,
    inputs: Floats,
    targets: Array,
    plan: FitPlan,
    title: str,
    redraw: Redraw | None = None,
) -> None:
    """Fit a model to inputs `(n, ...)` and targets `(n, ...)`, under a progress bar with that title.

    With `redraw`, each epoch has new targets; those of held-out rows stay.
    """
    callbacks = [TqdmCallback(verbose=0, desc=title, file=open_progress(), disable=None)]
    validation, kept = None, np.arange(len(inputs))
    if plan.held_out:
        order = np.random.default_rng(plan.seed).permutation(len(inputs))
        kept, held = np.split(order, [round(len(inputs) * (1 - plan.held_out))])
        validation = (inputs[held], targets[held])
        inputs, targets = inputs[kept], targets[kept]
        callbacks.append(keras.callbacks.EarlyStopping(patience=plan.epochs, restore_best_weights=True))
    batch_rows = min(plan.batch_rows, len(inputs))
    steps = len(inputs) // batch_rows
    schedule = plan.learning_rate
    if plan.cosine:
        schedule = keras.optimizers.schedules.CosineDecay(plan.learning_rate, plan.epochs * steps)
    jit_compile = "auto" if keras.backend.backend() != "tensorflow" else False  # XLA slows convolutions on processors
    model.compile(plan.optimizer(schedule), loss, jit_compile=jit_compile)
    model.optimizer.build(model.trainable_variables)  # else Keras traces the first step twice
    batches = make_batches((inputs, targets), batch_rows, plan.seed, redraw and partial(redraw, kept))
    options = {"callbacks": callbacks, "validation_data": validation, "shuffle": False, "verbose": 0}
    model.fit(take_batches(batches, plan.epochs * steps), steps_per_epoch=steps, epochs=plan.epochs, **options)


def make_initializer(random: np.random.Generator) -> keras.initializers.Initializer:
    """Return a kernel initializer with a seed of its own."""
    return keras.initializers.GlorotUniform(seed=draw_seed(random))


def draw_seed(random: np.random.Generator) -> int:
    """Return a seed for a layer."""
    return int(random.integers(2**31))
