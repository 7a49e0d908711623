"""The arms of perceptrons on signals: errors over a training, random data, and depth."""

from collections.abc import Sequence

import numpy as np

from eval.studies.design.trials import AXIS, Outcome
from eval.studies.double_descent.widths import CURVES, measure_both, measure_errors
from eval.studies.inputs import to_one_hot
from eval.studies.lottery.tickets import TwoSets
from eval.studies.perceptron import Perceptron, Training, cross_entropy, make_he_perceptron, train
from ld_data.typing import Array, Floats

SHIFTS, SCALES = 40, (0.8, 1.2)  # of augmented signals: circular, and uniform
INPUTS, CLASSES = 40, 10


def make_network(units: Sequence[int], random: np.random.Generator) -> Perceptron:
    """Return the book's perceptron with these hidden layers."""
    return make_he_perceptron([INPUTS, *units, CLASSES], random)


def augment(x: Floats, labels: Array, random: np.random.Generator) -> tuple[Floats, Array]:
    """Return signals `(n, t)` and classes with as many more, each drawn from them, shifted around and scaled."""
    chosen = random.integers(len(x), size=len(x))
    places = (np.arange(x.shape[1]) - random.integers(SHIFTS, size=(len(x), 1))) % x.shape[1]
    moved = np.take_along_axis(x[chosen], places, axis=1) * random.uniform(*SCALES, (len(x), 1))
    return np.concatenate([x, moved.astype(x.dtype)]), np.concatenate([labels, labels[chosen]])


def measure_training(
    sets: TwoSets,
    seed: int,
    *,
    units: Sequence[int],
    epochs: int,
    rate: float,
    momentum: float,
    halved: int,
    augmented: bool,
    batch_rows: int,
) -> Outcome:
    """Return errors in % and losses after each epoch; the rate is halved after each `halved` epochs.

    Curves are those of the published rows. `fresh_error` is the last error on 10,000 fresh rows, and `best_error` the
    least on the published test rows.
    """
    signals, random = sets.published, np.random.default_rng((seed, 0))
    x, labels = signals.x_train, signals.label_train
    if augmented:
        x, labels = augment(x, labels, np.random.default_rng((seed, 1)))
    network, each, rows = make_network(units, random), len(x) // batch_rows, []

    def watch(step: int) -> None:
        if step % each == 0:
            rows.append(measure_both(network.predict, signals, x, labels, cross_entropy))

    plan = Training(rate, epochs * each, batch_rows, momentum, halved=halved * each)
    train(network, x, to_one_hot(labels), cross_entropy, plan, random, watch=watch)
    curves = dict(zip(CURVES, np.array(rows).T.tolist(), strict=True))
    figures = {name: values[-1] for name, values in curves.items()}
    fresh = measure_errors(network.predict(sets.fresh.x_test), sets.fresh.label_test, cross_entropy)
    figures |= {"fresh_error": fresh[0], "best_error": min(curves["test_error"]), "best_loss": min(curves["test_loss"])}
    return Outcome(figures, {AXIS: [float(epoch + 1) for epoch in range(epochs)], **curves})


def measure_random(
    sets: TwoSets, seed: int, *, units: Sequence[int], epochs: int, rate: float, halved: int, batch_rows: int
) -> Outcome:
    """Return the training loss after each epoch on true rows, on random inputs, and on permuted labels.

    Random inputs are normal with the mean and variance of all points. All three start from the same weights; a figure
    is the mean of its curve.
    """
    x, labels = sets.published.x_train, sets.published.label_train
    random, each = np.random.default_rng((seed, 2)), len(x) // batch_rows
    normal = (x.mean() + x.std() * random.standard_normal(x.shape)).astype(x.dtype)
    plan = Training(rate, epochs * each, batch_rows, 0.9, halved=halved * each)
    curves: dict[str, list[float]] = {}
    for name, inputs, targets in (
        ("true", x, labels),
        ("inputs", normal, labels),
        ("labels", x, random.permutation(labels)),
    ):
        network, order = make_network(units, np.random.default_rng((seed, 0))), np.random.default_rng((seed, 3))
        curves[name] = _train(network, inputs, to_one_hot(targets), plan, order, each)
    figures = {name: float(np.mean(values)) for name, values in curves.items()}
    return Outcome(figures, {AXIS: [float(epoch + 1) for epoch in range(epochs)], **curves})


def measure_depths(sets: TwoSets, seed: int, *, units: Sequence[int], steps: int, rate: float, every: int) -> Outcome:
    """Return the training loss over the steps of networks of one hidden layer and more, by plain steps on all rows.

    `units` are those of each layer, for one layer and more; all networks have about as many weights. A figure is the
    last loss.
    """
    x, labels = sets.published.x_train, to_one_hot(sets.published.label_train)
    plan = Training(rate, steps, len(x), 0.0, "fixed")
    curves: dict[str, list[float]] = {AXIS: [float(step) for step in range(every, steps + 1, every)]}
    for depth, width in enumerate(units, 1):
        random = np.random.default_rng((seed, depth))
        curves[f"loss_{depth}"] = _train(make_network([width] * depth, random), x, labels, plan, random, every)
    figures = {name: values[-1] for name, values in curves.items() if name != AXIS}
    return Outcome(figures, curves)


def _train(
    network: Perceptron, x: Array, targets: Array, plan: Training, random: np.random.Generator, every: int
) -> list[float]:
    """Train a network, and return its loss on all rows after each `every` steps."""
    losses: list[float] = []

    def watch(step: int) -> None:
        if step % every == 0:
            losses.append(float(cross_entropy(network.predict(x), targets)[0].mean()))

    train(network, x, targets, cross_entropy, plan, random, watch=watch)
    return losses
