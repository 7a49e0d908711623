"""Judges: classifiers of raw inputs, trained apart from the VAEs, that read decoded inputs."""

from dataclasses import dataclass

import keras
import numpy as np

from eval.fitting import FitPlan, draw_seed, fit_model, make_initializer
from ld_data.codec import LatentCodec
from ld_data.source import Source

BATCH_ROWS = 128
STEPS = 2500
MIN_EPOCHS = 6


@dataclass(frozen=True)
class Reading:
    """What a judge reads, as shares of the test inputs, and how far decoded inputs lie from the originals.

    Attributes:
        originals: accuracy on the test inputs themselves.
        decoded_samples, decoded_means: accuracy on decoded x, sampled and mean.
        mse_samples, mse_means: their mean squared distance from the originals, per pixel or point.
    """

    originals: float
    decoded_samples: float
    decoded_means: float
    mse_samples: float
    mse_means: float


def train_judge(source: Source, epochs: int | None = None, seed: int = 0) -> keras.Model:
    """Return a convolutional classifier fitted to a source's raw training inputs.

    Without `epochs`, as many as make about 2,500 steps, and at least 6.
    """
    inputs = to_unit_scale(source.x_train)
    judge = _make_judge(inputs.shape[1:], source.classes, seed)
    epochs = epochs or max(MIN_EPOCHS, STEPS * BATCH_ROWS // len(inputs))
    plan = FitPlan(epochs, BATCH_ROWS, learning_rate=2e-3, seed=seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    fit_model(judge, loss, inputs, source.label_train, plan, "judge")
    return judge


def read_codec(judge: keras.Model, source: Source, codec: LatentCodec, seed: int = 0) -> Reading:
    """Return what the judge reads in a source's test inputs, and in the same inputs encoded and decoded."""
    originals = to_unit_scale(source.x_test)
    samples = codec.x.decode(codec.x.encode(source.x_test, mode="sample", seed=seed))
    means = codec.x.decode(codec.x.encode(source.x_test, mode="mean"))
    accuracies = (_accuracy(judge, inputs, source.label_test) for inputs in (originals, samples, means))
    errors = (float(np.square(inputs - originals).mean()) for inputs in (samples, means))
    return Reading(*accuracies, *errors)


def to_unit_scale(inputs: np.ndarray) -> np.ndarray:
    """Return inputs as float32, uint8 pixels divided by 255."""
    values = inputs.astype(np.float32)
    return values / np.float32(255) if inputs.dtype == np.uint8 else values


def _make_judge(shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    layers, random = keras.layers, np.random.default_rng(seed)
    convolution = layers.Conv2D if len(shape) == 2 else layers.Conv1D
    pooling = layers.MaxPooling2D if len(shape) == 2 else layers.MaxPooling1D
    judge = keras.Sequential([keras.Input(shape), layers.Reshape((*shape, 1))])
    for filters, dropout in ((32, 0.2), (64, 0.2), (128, 0.4)):
        judge.add(
            convolution(filters, 3, padding="same", activation="relu", kernel_initializer=make_initializer(random))
        )
        judge.add(layers.BatchNormalization(momentum=0.9))
        judge.add(pooling(2))
        judge.add(layers.Dropout(dropout, seed=draw_seed(random)))
    judge.add(layers.Flatten())
    judge.add(layers.Dense(classes, kernel_initializer=make_initializer(random)))
    return judge


def _accuracy(judge: keras.Model, inputs: np.ndarray, labels: np.ndarray) -> float:
    logits = judge.predict(inputs, batch_size=1000, verbose=0)
    return float((logits.argmax(axis=1) == labels).mean())
