"""The arms on signals, trained by Keras: test accuracy over the number of training rows, with and without pooling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from eval.classifiers.parts import NetworkPlan, Part, Tensor, convolve, layer, make_network
from eval.studies.design.trials import AXIS, Outcome
from eval.studies.inputs import Signals, hash_sets, make_signals
from eval.studies.networks import start_biases
from ld_data.typing import Array, Floats

CHANNELS, CLASSES = 20, 10
PARTS = 6  # of a training: the accuracy after each one
STEPS_AT_ONCE = 100  # that Keras runs in one call


@dataclass(frozen=True, eq=False)
class Sizes:
    """The notebook's set of each size, with 1,000 test rows of its own, and 10,000 test rows for all."""

    sets: Mapping[int, Signals]
    common: Signals

    @property
    def sha256(self) -> str:
        """The hash of all."""
        return hash_sets([*self.sets.values(), self.common])


def load_sizes() -> Sizes:
    """Return the sets of the generator's seed 42, and the test rows of seed 43."""
    sizes = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
    return Sizes({rows: make_signals(rows + 1_000, rows) for rows in sizes}, make_signals(14_000, 4_000, seed=43))


def measure_sizes(
    sizes: Sizes,
    seed: int,
    *,
    method: str,
    rows: Sequence[int],
    passes: Sequence[int],
    shuffled: bool,
    rate: float,
    batch_rows: int,
) -> Outcome:
    """Return accuracies in % over the number of training rows, each with its number of passes.

    `own` is that on the notebook's test rows, and `accuracy_6` that on the common ones, after the whole training;
    `accuracy_1` to `accuracy_5` are those after each sixth of it. All sizes start from the same weights.
    """
    measured = []
    for count, many in zip(rows, passes, strict=True):
        signals, random = sizes.sets[count], np.random.default_rng((seed, count))
        network = build(method, np.random.default_rng((seed, 0)))
        network.compile(
            keras.optimizers.Adam(rate, epsilon=1e-8),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            steps_per_execution=STEPS_AT_ONCE,
            jit_compile=False,
        )
        order = np.concatenate([random.permutation(count) if shuffled else np.arange(count) for _ in range(many)])
        values = []
        for part in np.split(order[: len(order) // (PARTS * batch_rows) * PARTS * batch_rows], PARTS):
            x, labels = signals.x_train[part], signals.label_train[part]
            network.fit(x, labels, batch_rows, shuffle=False, verbose=0)
            values.append(measure_accuracy(network, sizes.common.x_test, sizes.common.label_test))
        measured.append([*values, measure_accuracy(network, signals.x_test, signals.label_test)])
        keras.utils.clear_session(free_memory=False)
    names = [*(f"accuracy_{part}" for part in range(1, PARTS + 1)), "own"]
    curves = dict(zip(names, np.array(measured).T.tolist(), strict=True))
    return Outcome({}, {AXIS: [float(count) for count in rows], **curves})


def build(method: str, random: np.random.Generator) -> keras.Model:
    """Return two convolutions of 20 channels, each with a step of the method, and a dense layer.

    All start as in PyTorch.
    """
    stride = 2 if method == "stride" else 1
    parts: list[Part] = []
    for _ in range(2):
        parts += [convolve(CHANNELS, 3, "relu", stride, padding=1), *POOLS.get(method, ())]
    return start_biases(make_network(parts, (40,), NetworkPlan(1, CLASSES, random, like_torch=True)), random)


def measure_accuracy(network: keras.Model, x: Floats, labels: Array) -> float:
    """Return the share of rows in % that a network reads right."""
    outputs = keras.ops.convert_to_numpy(network(x, training=False))
    return 100 * float((outputs.argmax(axis=1) == labels).mean())


def _pool_norm(values: Tensor, plan: NetworkPlan) -> Tensor:
    """Return the root of the sum of squares of each two points; its slope at 0 is kept finite."""
    means = plan.make_layer("AveragePooling", 2)(keras.ops.square(values))
    return keras.ops.sqrt(2 * means + 1e-12)


POOLS: dict[str, list[Part]] = {
    "max": [layer("MaxPooling", 2)],
    "average": [layer("AveragePooling", 2)],
    "l2": [_pool_norm],
}
