"""The arm of convolutions on signals, trained by Keras: training and test error over the number of channels."""

from collections.abc import Sequence
from functools import partial

import keras
import numpy as np

from eval.classifiers.parts import NetworkPlan, convolve, make_network
from eval.keras_fitting import FitPlan, fit_model
from eval.studies.design.trials import Outcome
from eval.studies.double_descent.widths import measure_both, summarise
from eval.studies.inputs import Signals, add_label_noise, to_one_hot
from eval.studies.networks import start_biases
from eval.studies.perceptron import cross_entropy

STRIDED = ((5, 2, 1), (3, 2, 1), (3, 2, 1))  # size, stride and padding of each convolution


def measure_channels(
    signals: Signals, seed: int, *, channels: Sequence[int], epochs: int, rate: float, noise: float, batch_rows: int
) -> Outcome:
    """Return the errors in % and losses of networks of all numbers of channels, as `measure_widths` does.

    The wrong labels of a seed are those of the perceptrons. Kernels and biases start as in PyTorch.
    """
    labels = add_label_noise(signals.label_train, noise, np.random.default_rng((seed, 0)))
    plan = FitPlan(epochs, batch_rows, rate, partial(keras.optimizers.SGD, momentum=0.9), cosine=False, seed=seed)
    rows = []
    for count in channels:
        random = np.random.default_rng((seed, count))
        parts = [convolve(count, size, "relu", stride, padding) for size, stride, padding in STRIDED]
        network = make_network(parts, signals.x_train.shape[1:], NetworkPlan(1, 10, random, like_torch=True))
        start_biases(network, random)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        fit_model(network, loss, signals.x_train, to_one_hot(labels), plan, f"{count} channels, seed {seed}")
        predict = partial(network.predict, batch_size=1000, verbose=0)
        rows.append(measure_both(predict, signals, signals.x_train, labels, cross_entropy))
        keras.utils.clear_session(free_memory=False)
    return summarise(channels, np.array(rows), first=0)
