from dataclasses import replace

import keras
import numpy as np
import pytest

from vae.config import VaeConfig
from vae.model.layers import Encoder, make_decoder

pytestmark = pytest.mark.slow

PLAIN = VaeConfig((10,), 5, encoder_filters=(), decoder_units=(), seed=3)
DEEP = replace(PLAIN, encoder_units=(7,), decoder_units=(7,))
LAYERS = {
    "image encoder": (Encoder, VaeConfig((28, 28), 5, encoder_filters=(4, 8), seed=3)),
    "odd image encoder": (Encoder, VaeConfig((9, 13), 5, encoder_filters=(4,), encoder_units=(7,), seed=3)),
    "signal encoder": (Encoder, VaeConfig((40,), 5, encoder_filters=(4, 8), encoder_units=(6, 9), seed=3)),
    "encoder of constant width": (Encoder, replace(PLAIN, posterior_std=0.2)),
    "smooth image encoder": (Encoder, replace(DEEP, input_shape=(8, 8), encoder_filters=(4,), activation="silu")),
    "smooth decoder": (make_decoder, replace(PLAIN, decoder_units=(6,), activation="silu")),
    "linear encoder": (Encoder, PLAIN),
    "image decoder": (make_decoder, replace(PLAIN, input_shape=(28, 28), decoder_units=(6, 7))),
    "linear decoder": (make_decoder, PLAIN),
    "colour encoder": (Encoder, VaeConfig((9, 13, 3), 5, encoder_filters=(4,), seed=3)),
    "colour decoder": (make_decoder, replace(PLAIN, input_shape=(9, 13, 3), decoder_units=(6,))),
}


@pytest.fixture(params=LAYERS)
def case(request):
    return LAYERS[request.param]


def outputs(make, config):
    """The results of a new layer, an encoder's inputs or a decoder's latents being random."""
    shape = config.input_shape if make is Encoder else (config.latent_dim,)
    results = make(config)(np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32))
    return [keras.ops.convert_to_numpy(part) for part in (results if isinstance(results, tuple) else (results,))]


def test_shapes(case):
    make, config = case
    expected = [(3, 5), (3, 5)] if make is Encoder else [(3, *config.input_shape)]
    assert [part.shape for part in outputs(make, config)] == expected


def test_the_same_seed_gives_the_same_weights_whatever_the_global_state(case):
    make, config = case
    keras.utils.set_random_seed(1)
    first = outputs(make, config)
    keras.utils.set_random_seed(2)
    for one, other in zip(first, outputs(make, config), strict=True):
        assert np.array_equal(one, other)
    assert not np.allclose(outputs(make, replace(config, seed=4))[0], first[0])


def test_a_posterior_of_constant_width_has_that_width_everywhere():
    inputs = np.random.default_rng(0).normal(size=(3, 10)).astype(np.float32)
    _, z_log_var = Encoder(replace(PLAIN, posterior_std=0.2))(inputs)
    assert np.exp(0.5 * keras.ops.convert_to_numpy(z_log_var)) == pytest.approx(np.full((3, 5), 0.2))


def test_no_two_kernels_start_alike():
    layer = Encoder(VaeConfig((28, 28), 8, encoder_filters=(8, 8, 8)))
    layer(np.zeros((1, 28, 28)))
    kernels = [convolution.get_weights()[0] for convolution in layer.convolutions[1:]]
    assert not np.isclose(kernels[0], kernels[1]).any()


@pytest.mark.parametrize("make", [Encoder, make_decoder])
def test_the_activation_is_the_one_asked_for(make):
    (plain, *_), (smooth, *_) = (outputs(make, replace(DEEP, activation=kind)) for kind in ("relu", "silu"))
    assert not np.isclose(plain, smooth).any()
