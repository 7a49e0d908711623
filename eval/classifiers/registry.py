"""The classifiers by name: networks with the trainings of their origins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import keras
import numpy as np

from eval.classifiers.parts import NetworkPlan, Part, add, augment, convolve, dense, layer, make_network, recur, rescale
from eval.keras_fitting import FitPlan, fit_model
from ld_data.errors import InputError, UnknownNameError
from ld_data.typing import Array, Floats

SGD, ADAM, RMSPROP = keras.optimizers.SGD, keras.optimizers.Adam, keras.optimizers.RMSprop
_plan = partial(FitPlan, cosine=False)  # of all originals: a constant learning rate, and the last epoch
MAX_POOL, AVERAGE_POOL = layer("MaxPooling", 2), layer("AveragePooling", 2)  # of neighbourhoods of 2
RELU = layer("Activation", "relu")
NORMALISE = layer("BatchNormalization", momentum=0.9)  # by averages over about ten batches
KINDS = {1: "signals and vectors", 2: "images"}


@dataclass(frozen=True)
class Classifier:
    """A network and its training.

    Attributes:
        about: a description in a few words.
        parts: the network without its last layer, the dense one of the classes.
        plan: of the training, with the epochs of the original.
        dimensions: 2 if it reads only images, 1 if only signals and vectors; None if it reads all.
        like_torch, decay: as in `NetworkPlan`.
        smoothing: of the labels in training.
    """

    about: str
    parts: Sequence[Part]
    plan: FitPlan
    dimensions: int | None = None
    like_torch: bool = False
    decay: float = 0.0
    smoothing: float = 0.0

    def make(self, shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
        """Return the untrained network from inputs of that shape to logits; raise `InputError` for too small ones."""
        random = np.random.default_rng(seed)
        plan = NetworkPlan(min(len(shape), 2), classes, random, self.like_torch, self.decay)
        try:
            return make_network(self.parts, shape, plan)
        except ValueError as error:
            raise InputError(f"inputs of shape {shape} are too small for this classifier: {error}") from error

    def fit(self, inputs: Floats, labels: Array, classes: int, seed: int, title: str, epochs: int) -> keras.Model:
        """Return the network fitted to inputs `(n, ...)` and their classes `(n,)`; raises as `make`."""
        network = self.make(inputs.shape[1:], classes, seed)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=self.smoothing)
        plan = replace(self.plan, seed=seed, epochs=epochs)
        fit_model(network, loss, inputs, np.eye(classes, dtype=np.float32)[labels], plan, title)
        return network


def find_classifier(name: str, shape: tuple[int, ...]) -> Classifier:
    """Return the classifier of that name for inputs of that shape: of an image, or of a signal or vector.

    Raises:
        UnknownNameError: if the name is not in `CLASSIFIERS`.
        InputError: if it does not read such inputs.
    """
    if name not in CLASSIFIERS:
        raise UnknownNameError(f"no classifier {name!r}. Known: {', '.join(CLASSIFIERS)}.")
    dimensions = min(len(shape), 2)
    able = {name: its for name, its in CLASSIFIERS.items() if its.dimensions in (None, dimensions)}
    if name not in able:
        other = KINDS[3 - dimensions]
        raise InputError(f"{name} reads {other}; received {KINDS[dimensions]}. These read them: {', '.join(able)}.")
    return able[name]


def _make_ladder() -> dict[str, Classifier]:
    """Return the steps of kingsman142/mnist-classification, each one change away from the one before.

    Its trainer sums the loss over a batch where others take the mean. Adam is indifferent to that; for plain steps the
    learning rate is multiplied by the batch.
    """
    lenet = [convolve(6, 5, "tanh"), AVERAGE_POOL, convolve(16, 5, "tanh"), AVERAGE_POOL]
    lenet += [convolve(120, 4), dense(84, "tanh")]
    deeper = [convolve(32, 3, "relu"), MAX_POOL, convolve(64, 3, "relu"), convolve(64, 3, "relu"), MAX_POOL]
    deeper += [dense(100, "relu")]
    centre = rescale(0.5, 0.5)
    images = partial(Classifier, dimensions=2, like_torch=True)
    momentum = partial(SGD, momentum=0.9)
    return {
        "lenet": images("LeNet", lenet, _plan(10, 128, 2e-4, ADAM)),
        "lenet-centred": images("pixels from -1 to 1", (centre, *lenet), _plan(10, 128, 2e-4, ADAM)),
        "lenet-64": images("batches of 64", (centre, *lenet), _plan(10, 64, 2e-4, ADAM)),
        "lenet-32": images("batches of 32", (centre, *lenet), _plan(10, 32, 2e-4, ADAM)),
        "lenet-faster": images("learning rate 0.0005", (centre, *lenet), _plan(10, 32, 5e-4, ADAM)),
        "deeper": images("a deeper network", (centre, *deeper), _plan(10, 32, 5e-4, ADAM)),
        "deeper-momentum": images("plain steps with momentum", (centre, *deeper), _plan(10, 32, 32e-3, momentum)),
    }


def _make_mnist1d() -> dict[str, Classifier]:
    """Return the four models of greydanus/mnist1d: 6,000 steps on its 4,000 signals."""
    plan = _plan(150, 100, 1e-2, ADAM)
    signals = partial(Classifier, plan=plan, like_torch=True)
    rows = [convolve(25, size, "relu", stride=2, padding=1) for size in (5, 3, 3)]
    return {
        "mnist1d-logistic": signals("logistic regression", ()),
        "mnist1d-mlp": signals("two layers of 100", (dense(100, "relu"), add(dense(100, "relu")))),
        "mnist1d-cnn": signals("three convolutions", rows, dimensions=1),
        "mnist1d-gru": signals("a recurrent network that reads from both ends", (recur(6),), dimensions=1),
    }


def _make_examples() -> dict[str, Classifier]:
    """Return the examples of three frameworks: mnist_mlp.py, mnist/main.py and cnn_mnist.py, of 2017."""
    keras_mlp = (dense(512, "relu"), layer("Dropout", 0.2), dense(512, "relu"), layer("Dropout", 0.2))
    torch_cnn = [rescale(0.1307, 0.3081), convolve(10, 5, "relu"), MAX_POOL, convolve(20, 5, "relu")]
    torch_cnn += [layer("SpatialDropout", 0.5), MAX_POOL, dense(50, "relu"), layer("Dropout", 0.5)]
    tensorflow_cnn = [convolve(32, 5, "relu", padding="same"), MAX_POOL, convolve(64, 5, "relu", padding="same")]
    tensorflow_cnn += [MAX_POOL, dense(1024, "relu"), layer("Dropout", 0.4)]
    torch_plan = _plan(10, 64, 1e-2, partial(SGD, momentum=0.5))
    tensorflow_plan = _plan(33, 100, 1e-3, SGD)  # 19,800 steps on 60,000 images; the original has 20,000
    return {
        "mlp": Classifier("Keras' example: 512-512 with dropout", keras_mlp, _plan(20, 128, 1e-3, RMSPROP)),
        "pytorch-cnn": Classifier("PyTorch's example", torch_cnn, torch_plan, dimensions=2, like_torch=True),
        "tensorflow-cnn": Classifier("TensorFlow's example", tensorflow_cnn, tensorflow_plan, dimensions=2),
    }


def _make_residual() -> Classifier:
    """Return six residual blocks of two convolutions: made for rotated digits on pictures.

    In the original, biases decay too, and the last layer is initialised a thousand times smaller.
    """
    block = add(convolve(64, 3, padding="same"), NORMALISE, RELU, convolve(64, 3, padding="same"))
    parts = 2 * [block, block, MAX_POOL, layer("Dropout", 0.5)] + [block, block, NORMALISE, RELU]
    parts += [dense(256), NORMALISE, RELU]
    plan = _plan(5, 32, 1e-4, ADAM)
    return Classifier("six residual blocks", parts, plan, dimensions=2, like_torch=True, decay=1e-4)


def _make_judges(deeper: Classifier) -> dict[str, Classifier]:
    """Return the judges of decoded inputs; their labels are smoothed, since less certain judges err less."""
    plan = FitPlan(30, 128, learning_rate=2e-3)
    parts = [augment(turn=0.03, move=0.08, zoom=0.08)]
    for filters, stride in ((32, 1), (32, 2), (64, 1), (64, 2), (128, 2)):
        parts += [convolve(filters, 3, "relu", stride, "same"), NORMALISE]
    parts.append(layer("Dropout", 0.4))
    return {
        "judge": Classifier("the judge of decoded inputs", parts, plan, smoothing=0.1),
        "judge-deeper": replace(deeper, about="the judge of digits on pictures", plan=plan, smoothing=0.1),
    }


LADDER = _make_ladder()
CLASSIFIERS: dict[str, Classifier] = {
    "logistic": Classifier("logistic regression", (), _plan(20, 128, 1e-3, ADAM)),
    **_make_examples(),
    **LADDER,
    "residual": _make_residual(),
    **_make_mnist1d(),
    **_make_judges(LADDER["deeper"]),
}
