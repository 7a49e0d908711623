import keras
import numpy as np
import pytest

from vae.model.layers import Decoder, Encoder

pytestmark = pytest.mark.slow

LAYERS = {
    "image encoder": (lambda: Encoder(2, 5, (4, 8), seed=3), (28, 28)),
    "odd image encoder": (lambda: Encoder(2, 5, (4,), units=(7,), seed=3), (9, 13)),
    "signal encoder": (lambda: Encoder(1, 5, (4, 8), units=(6, 9), seed=3), (40,)),
    "encoder of constant width": (lambda: Encoder(1, 5, (), posterior_std=0.2, seed=3), (10,)),
    "smooth image encoder": (lambda: Encoder(2, 5, (4,), units=(7,), activation="silu", seed=3), (8, 8)),
    "smooth decoder": (lambda: Decoder((8,), (6,), activation="silu", seed=3), (5,)),
    "linear encoder": (lambda: Encoder(1, 5, (), seed=3), (10,)),
    "image decoder": (lambda: Decoder((28, 28), (6, 7), seed=3), (5,)),
    "linear decoder": (lambda: Decoder((10,), (), seed=3), (5,)),
}


@pytest.fixture(params=LAYERS)
def case(request):
    return LAYERS[request.param]


def outputs(layer, shape):
    inputs = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    results = layer(inputs)
    return [keras.ops.convert_to_numpy(part) for part in (results if isinstance(results, tuple) else (results,))]


def test_shapes(case):
    make, shape = case
    layer = make()
    results = outputs(layer, shape)
    if isinstance(layer, Encoder):
        assert [part.shape for part in results] == [(3, 5), (3, 5)]
    else:
        assert results[0].shape == (3, *layer.target_shape)


def test_the_same_seed_gives_the_same_weights_whatever_the_global_state(case):
    make, shape = case
    keras.utils.set_random_seed(1)
    first = outputs(make(), shape)
    keras.utils.set_random_seed(2)
    for one, other in zip(first, outputs(make(), shape), strict=True):
        assert np.array_equal(one, other)


def test_a_layer_survives_serialisation_in_safe_mode(case):
    make, shape = case
    layer = make()
    expected = outputs(layer, shape)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer), safe_mode=True)
    again.set_weights(layer.get_weights())
    for one, other in zip(expected, outputs(again, shape), strict=True):
        assert np.array_equal(one, other)


def test_a_posterior_of_constant_width_has_that_width_everywhere():
    inputs = np.random.default_rng(0).normal(size=(3, 10)).astype(np.float32)
    _, z_log_var = Encoder(1, 5, (), posterior_std=0.2)(inputs)
    assert np.exp(0.5 * keras.ops.convert_to_numpy(z_log_var)) == pytest.approx(np.full((3, 5), 0.2))


def test_no_two_kernels_start_alike():
    layer = Encoder(2, 8, (8, 8, 8), seed=0)
    layer.build((None, 28, 28))
    kernels = [convolution.get_weights()[0] for convolution in layer.convolutions[1:]]
    assert not np.isclose(kernels[0], kernels[1]).any()


@pytest.mark.parametrize(
    "make", [lambda **kind: Encoder(1, 5, (), (7,), **kind), lambda **kind: Decoder((5,), (7,), **kind)]
)
def test_the_activation_is_the_one_asked_for(make):
    (plain, *_), (smooth, *_) = (outputs(make(activation=kind), (9,)) for kind in ("relu", "silu"))
    assert not np.isclose(plain, smooth).any()
