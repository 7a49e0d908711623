"""The arms of perceptrons on signals: training and test error over the width, with and without wrong labels."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from eval.studies.design.trials import AXIS, Outcome
from eval.studies.inputs import Signals, add_label_noise, make_signals, to_one_hot
from eval.studies.learning_rate.unrolling import find_least
from eval.studies.perceptron import LOSSES, Loss, Perceptron, Training, make_he_perceptron, train
from ld_data.typing import Array, Doubles, Floats

Number = TypeVar("Number", float, Doubles)
CURVES = ("train_error", "test_error", "train_loss", "test_loss")
STARTS = {"torch": Perceptron, "he": make_he_perceptron}
FIRST_WIDTH = 12  # a peak is looked for from here on: tiny networks err more


def load_signals() -> Signals:
    """Return the notebook's signals: 4,000 for training and 12,000 for test."""
    return make_signals(16_000, 4_000)


def load_textbook_signals() -> Signals:
    """Return the signals of Understanding Deep Learning: 4,000 for training and 4,000 for test."""
    return make_signals(8_000, 4_000)


def measure_widths(
    signals: Signals,
    seed: int,
    *,
    widths: Sequence[int],
    epochs: int,
    rate: float,
    noise: float,
    loss: str,
    batch_rows: int,
    start: str = "torch",
) -> Outcome:
    """Return the errors in % and losses of networks of all widths, trained by plain steps with momentum 0.9.

    The seed draws the wrong labels, once for all widths, the weights, and the order of the rows. Weights `start` as in
    PyTorch, or as those of He et al. (2015) with biases at 0.
    """
    labels = add_label_noise(signals.label_train, noise, np.random.default_rng((seed, 0)))
    inputs, classes = signals.x_train.shape[1], 10
    plan = Training(rate, epochs * (len(labels) // batch_rows), batch_rows, momentum=0.9)
    rows = []
    for width in widths:
        random = np.random.default_rng((seed, width))
        network = STARTS[start]([inputs, width, width, classes], random)
        train(network, signals.x_train, to_one_hot(labels), LOSSES[loss], plan, random)
        rows.append(measure_both(network.predict, signals, signals.x_train, labels, LOSSES[loss]))
    return summarise(widths, np.array(rows))


def measure_errors(outputs: Floats, labels: Array, loss: Loss) -> tuple[float, float]:
    """Return the share of rows in % that outputs `(n, k)` read wrong, and the mean loss."""
    wrong = float((outputs.argmax(axis=1) != labels).mean())
    return 100 * wrong, float(loss(outputs, to_one_hot(labels))[0].mean())


def measure_both(
    predict: Callable[[Floats], Floats], signals: Signals, x: Floats, labels: Array, loss: Loss
) -> list[float]:
    """Return the errors and losses of training rows, x and their labels, and of the test rows, as in `CURVES`."""
    train_error, train_loss = measure_errors(predict(x), labels, loss)
    test_error, test_loss = measure_errors(predict(signals.x_test), signals.label_test, loss)
    return [train_error, test_error, train_loss, test_loss]


def summarise(widths: Sequence[int], rows: Array, first: int = FIRST_WIDTH) -> Outcome:
    """Return the outcome of measurements `(widths, 4)` in the order of `CURVES`; the peak is at `first` or beyond.

    `zero_from` is the least width from which on no training row is read wrong; it is absent if there is none.
    """
    curves = {AXIS: [float(width) for width in widths], **dict(zip(CURVES, rows.T.tolist(), strict=True))}
    peak = int(np.where(np.array(widths) >= first, rows[:, 1], 0).argmax())
    figures = {
        "peak_width": float(widths[peak]),
        "peak_error": float(rows[peak, 1]),
        "gap": float(rows[peak, 1] - rows[-1, 1]),
        "loss_peak_width": find_peak(np.array(widths), rows[:, 3]),
        "least_train_error": float(rows[:, 0].min()),
    }
    wrong = np.flatnonzero(rows[:, 0] > 0)
    if not len(wrong) or wrong[-1] + 1 < len(widths):
        figures["zero_from"] = float(widths[wrong[-1] + 1 if len(wrong) else 0])
    return Outcome(figures, curves)


def find_peak(widths: Array, values: Array) -> float:
    """Return the place of the maximum of values `(m,)` over the logarithm of widths, by a parabola through three."""
    first = widths[values.argmax()]
    return float(first * np.exp(find_least(np.log(widths / first), -values)[0]))


def count_parameters(width: Number, outputs: int, inputs: int) -> Number:
    """Return the number of weights and biases of a network inputs-h-h-K; h may lie between integers."""
    return width**2 + (inputs + 2 + outputs) * width + outputs


def find_threshold(parameters: float, outputs: int, inputs: int) -> float:
    """Return the width at which a network has so many weights and biases."""
    middle = inputs + 2 + outputs
    return float(-middle + np.sqrt(middle**2 - 4 * (outputs - parameters))) / 2
