"""The arm of convolutions on signals, trained by Keras."""

import keras
import numpy as np

from eval.classifiers.parts import NetworkPlan, convolve, make_network
from eval.keras_fitting import FitPlan, fit_model
from eval.studies.design.trials import Outcome
from eval.studies.lottery.tickets import TwoSets
from eval.studies.networks import start_biases

CLASSES = 10


def measure_convolutions(
    sets: TwoSets,
    seed: int,
    *,
    channels: int,
    layers: int,
    epochs: int,
    rate: float,
    momentum: float,
    halved: int,
    batch_rows: int,
) -> Outcome:
    """Return the last errors in % on training, test and 10,000 fresh rows; the rate is halved as in `measure_training`.

    Convolutions have three points and stride 2, without padding, and start as in PyTorch. The dense layer starts as
    that of He et al. (2015), with biases at 0.
    """
    signals, random = sets.published, np.random.default_rng((seed, 0))
    parts = [convolve(channels, 3, "relu", stride=2) for _ in range(layers)]
    network = make_network(parts, signals.x_train.shape[1:], NetworkPlan(1, CLASSES, random, like_torch=True))
    *_, kernel, _ = start_biases(network, random).get_weights()
    network.layers[-1].set_weights([np.sqrt(6) * kernel, np.zeros(CLASSES)])
    steps = halved * (len(signals.x_train) // batch_rows)

    def make(start: object) -> keras.optimizers.Optimizer:
        schedule = keras.optimizers.schedules.ExponentialDecay(start, steps, 0.5, staircase=True)
        return keras.optimizers.SGD(schedule, momentum)

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    plan = FitPlan(epochs, batch_rows, rate, make, cosine=False, seed=seed)
    fit_model(network, loss, signals.x_train, signals.label_train, plan, f"convolutions, seed {seed}")
    figures = {"parameters": float(network.count_params())}
    for name, x, labels in (
        ("train_error", signals.x_train, signals.label_train),
        ("test_error", signals.x_test, signals.label_test),
        ("fresh_error", sets.fresh.x_test, sets.fresh.label_test),
    ):
        outputs = keras.ops.convert_to_numpy(network(x, training=False))
        figures[name] = 100 * float((outputs.argmax(axis=1) != labels).mean())
    return Outcome(figures, {})
