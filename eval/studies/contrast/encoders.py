"""The arms on signals: convolutions trained without labels, and what a linear classifier reads off each layer."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eval.classifiers.parts import NetworkPlan, convolve, dense
from eval.rules.network import draw_batches
from eval.studies.design.trials import AXIS, Outcome
from eval.studies.double_descent.convolutions import STRIDED
from eval.studies.inputs import Signals, to_one_hot
from eval.studies.lottery.tickets import TwoSets
from eval.studies.networks import start_biases
from ld_data.typing import Array, Floats

CHANNELS, POINTS, CLASSES = 25, 40, 10
TIMES = np.arange(POINTS, dtype=np.float32) - (POINTS - 1) / 2
SLOPE, OFFSET = 0.04, 0.3  # standard deviations of the trend per step and of the mean that a view gets
NEIGHBOURS = 10


def measure_layers(
    sets: TwoSets,
    seed: int,
    *,
    projector: Sequence[int],
    target: str,
    epochs: int,
    rate: float,
    batch_rows: int,
    temperature: float,
    shift: int,
) -> Outcome:
    """Return the accuracy in % of linear classifiers over the layers of an encoder, from the input at 0 on.

    `projector` are the units of dense layers on top of the convolutions. They are trained to find the other view of a
    signal by the target "views", or to read the class by "labels", or not at all by "none". `accuracy` is that on the
    published test rows, `fresh` that on 10,000 others. The figure `neighbours` is that of 10 neighbours of the output
    by their cosine, on the published rows.
    """
    random, data = np.random.default_rng((seed, len(projector))), sets.published
    encoder = make_encoder(projector, random)
    figures = {"parameters": float(encoder.count_params())}
    if target != "none":
        model, loss = aim(encoder, target, temperature, random)
        steps = len(data.x_train) // batch_rows
        model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False, steps_per_execution=steps)
        views = draw_views(data, batch_rows, shift, random)
        fitted = model.fit(views, steps_per_epoch=steps, epochs=epochs, shuffle=False, verbose=0)
        figures["loss"] = fitted.history["loss"][-1]
    train, test, fresh = (list_layers(encoder, x) for x in (data.x_train, data.x_test, sets.fresh.x_test))
    curves: dict[str, list[float]] = {AXIS: [float(layer) for layer in range(len(train))], "accuracy": [], "fresh": []}
    for layer in range(len(train)):
        probe = make_pipeline(StandardScaler(), LogisticRegression(tol=0.01, max_iter=1000))
        probe.fit(train[layer], data.label_train)
        curves["accuracy"].append(100 * probe.score(test[layer], data.label_test))
        curves["fresh"].append(100 * probe.score(fresh[layer], sets.fresh.label_test))
    neighbours = KNeighborsClassifier(NEIGHBOURS, metric="cosine").fit(train[-1], data.label_train)
    figures["neighbours"] = 100 * neighbours.score(test[-1], data.label_test)
    keras.utils.clear_session(free_memory=False)
    return Outcome(figures, curves)


def make_encoder(projector: Sequence[int], random: np.random.Generator) -> keras.Model:
    """Return the notebook's three convolutions, with dense layers on top, from signals to the outputs of all layers.

    Kernels and biases start as in PyTorch.
    """
    plan = NetworkPlan(1, CLASSES, random, like_torch=True)
    parts = [convolve(CHANNELS, size, "relu", stride, padding) for size, stride, padding in STRIDED]
    parts += [dense(units, "relu") for units in projector[:-1]] + [dense(units) for units in projector[-1:]]
    inputs = keras.Input((POINTS,))
    values, outputs = keras.layers.Reshape((POINTS, 1))(inputs), []
    for part in parts:
        values = part(values, plan)
        outputs.append(values if values.ndim == 2 else keras.layers.Flatten()(values))
    return start_biases(keras.Model(inputs, outputs), random)


def aim(
    encoder: keras.Model, target: str, temperature: float, random: np.random.Generator
) -> tuple[keras.Model, keras.losses.Loss]:
    """Return a model of pairs of views `(n, 2, t)` with the encoder's weights, and its loss.

    Its output is the encoder's `(n, 2, e)`, or for labels `(n, 2, k)`, that of a dense layer on top.
    """
    views = keras.Input((2, POINTS))
    values = encoder(keras.ops.reshape(views, (-1, POINTS)))[-1]
    if target == "labels":
        values = dense(CLASSES)(values, NetworkPlan(1, CLASSES, random, like_torch=True))
    model = keras.Model(views, keras.ops.reshape(values, (-1, 2, values.shape[1])))

    def contrast(_: object, outputs: keras.KerasTensor) -> keras.KerasTensor:
        first, second = (keras.ops.normalize(outputs[:, view], axis=1) for view in (0, 1))
        scores = first @ keras.ops.transpose(second) / temperature
        return keras.ops.logsumexp(scores, axis=1) - keras.ops.diagonal(scores)

    return model, keras.losses.CategoricalCrossentropy(from_logits=True) if target == "labels" else contrast


def draw_views(
    data: Signals, batch_rows: int, shift: int, random: np.random.Generator
) -> Iterator[tuple[Floats, Floats]]:
    """Yield two views of each signal of a batch `(n, 2, t)` and the classes `(n, 2, k)`, without an end."""
    targets = np.stack([to_one_hot(data.label_train)] * 2, axis=1)
    while True:
        for rows in draw_batches(np.arange(len(targets)), batch_rows, random):
            yield np.stack([make_view(data.x_train[rows], shift, random) for _ in range(2)], axis=1), targets[rows]


def make_view(x: Floats, shift: int, random: np.random.Generator) -> Floats:
    """Return a view of signals `(n, t)`: another mean, another linear trend, rotated by 0 to `shift` - 1 steps."""
    flat = x - x.mean(axis=1, keepdims=True)
    flat -= np.outer(flat @ TIMES, TIMES) / (TIMES @ TIMES)
    places = np.arange(POINTS) - random.integers(shift, size=(len(x), 1))
    trends, means = random.normal(size=(2, len(x), 1)).astype(np.float32)
    return np.take_along_axis(flat, places % POINTS, axis=1) + SLOPE * trends * TIMES + OFFSET * means


def list_layers(encoder: keras.Model, x: Array) -> list[Array]:
    """Return x `(n, t)` itself, and the outputs `(n, e)` of all layers."""
    return [x, *encoder.predict(x, batch_size=1000, verbose=0)]
