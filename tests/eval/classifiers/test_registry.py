from dataclasses import replace

import keras
import numpy as np
import pytest

from eval.classifiers.registry import CLASSIFIERS, find_classifier
from ld_data.errors import InputError, UnknownNameError
from tests.support.stripes import make_stripes

pytestmark = pytest.mark.slow
PARAMETERS = {
    "logistic": 7_850,
    "mlp": 669_706,  # from Keras' summary of the example
    "pytorch-cnn": 21_840,
    "tensorflow-cnn": 3_274_634,
    **dict.fromkeys(("lenet", "lenet-centred", "lenet-64", "lenet-32", "lenet-faster"), 44_426),
    **dict.fromkeys(("deeper", "deeper-momentum", "judge-deeper"), 159_254),
    "residual": 1_213_898,
    "mnist1d-logistic": 410,  # these four from the output of the original
    "mnist1d-mlp": 15_210,
    "mnist1d-cnn": 5_210,
    "mnist1d-gru": 5_134,
    "judge": 159_978,
}


@pytest.mark.untraced
def test_classifiers_have_as_many_parameters_as_the_originals():
    parameters = {}
    for name in CLASSIFIERS:
        shape = (40,) if name.startswith("mnist1d") else (28, 28)
        network = find_classifier(name, shape).make(shape, classes=10, seed=0)
        parameters[name] = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
        assert network.output_shape == (None, 10), name
    assert parameters == PARAMETERS


@pytest.mark.parametrize("name", ["mlp", "deeper", "judge"])
def test_classifiers_read_colours(name):
    network = find_classifier(name, (28, 28, 3)).make((28, 28, 3), classes=4, seed=0)
    assert network(np.zeros((2, 28, 28, 3), np.float32)).shape == (2, 4)
    assert network.layers[1].output.shape == (None, 28, 28, 3)


def fit(name, inputs, labels, seed, epochs):
    """The logits of a classifier fitted to few rows, with small batches and large steps."""
    plan = replace(CLASSIFIERS[name].plan, batch_rows=20, learning_rate=5e-3)
    network = replace(CLASSIFIERS[name], plan=plan).fit(inputs, labels, 3, seed, name, epochs)
    return keras.ops.convert_to_numpy(network(inputs, training=False))  # `predict` traces it first


@pytest.mark.untraced
@pytest.mark.parametrize("name", ["mlp", "mnist1d-cnn", "mnist1d-gru"])
def test_a_classifier_learns_signals(name):
    inputs, labels = make_stripes(200, (24,), 0)
    assert (fit(name, inputs, labels, seed=0, epochs=10).argmax(axis=1) == labels).mean() > 0.95


@pytest.mark.untraced
@pytest.mark.parametrize(("name", "side", "epochs"), [("residual", 8, 4), ("lenet", 28, 6), ("pytorch-cnn", 20, 40)])
def test_a_classifier_learns_images(name, side, epochs):
    inputs, labels = make_stripes(60, (side, side), 0)
    assert (fit(name, inputs, labels, seed=0, epochs=epochs).argmax(axis=1) == labels).mean() > 0.8


@pytest.mark.untraced
def test_the_seed_decides_the_fit():
    inputs, labels = make_stripes(60, (6,), 0)
    one, same, other = (fit("mlp", inputs, labels, seed, epochs=1) for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_an_unknown_classifier_is_refused():
    with pytest.raises(UnknownNameError, match="Known: logistic, mlp"):
        find_classifier("none", (28, 28))


def test_image_classifiers_refuse_signals_and_the_reverse():
    with pytest.raises(
        InputError, match=r"lenet reads images; received signals and vectors\. These read them: logistic"
    ):
        find_classifier("lenet", (40,))
    with pytest.raises(InputError, match="mnist1d-cnn reads signals and vectors; received images"):
        find_classifier("mnist1d-cnn", (28, 28, 3))


def test_images_that_are_too_small_are_refused():
    with pytest.raises(InputError, match=r"inputs of shape \(9, 9\) are too small"):
        CLASSIFIERS["lenet"].make((9, 9), classes=3, seed=0)
