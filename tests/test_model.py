import numpy as np
import pytest
from keras import ops
from scipy import stats

from vae.config import CLASS_RECIPE, VaeConfig
from vae.model import Vae

IMAGE = VaeConfig(input_shape=(4, 4), latent_dim=2, encoder_filters=(4,), decoder_units=(8,))
SIGNAL = VaeConfig(input_shape=(8,), latent_dim=2, encoder_filters=(4,), decoder_units=(8,), likelihood="gaussian")


def to_numpy(tensor):
    return ops.convert_to_numpy(tensor)


def test_bernoulli_reconstruction_is_the_negative_log_likelihood_summed_over_pixels():
    random = np.random.default_rng(0)
    pixels, logits = random.integers(0, 2, (5, 4, 4)).astype(np.float32), random.normal(size=(5, 4, 4))
    expected = -stats.bernoulli(1 / (1 + np.exp(-logits))).logpmf(pixels).sum(axis=(1, 2))
    assert to_numpy(Vae(IMAGE).reconstruction(pixels, logits.astype(np.float32))) == pytest.approx(expected, rel=1e-5)


def test_gaussian_reconstruction_is_the_negative_log_likelihood_but_for_a_constant():
    random = np.random.default_rng(0)
    signal, mean = random.normal(size=(2, 5, 8))
    expected = -(stats.norm(mean, 0.1).logpdf(signal) - stats.norm(mean, 0.1).logpdf(mean)).sum(axis=1)
    result = Vae(SIGNAL).reconstruction(signal.astype(np.float32), mean.astype(np.float32))
    assert to_numpy(result) == pytest.approx(expected, rel=1e-4)


def test_categorical_reconstruction_is_the_cross_entropy():
    logits = np.random.default_rng(0).normal(size=(10, 10)).astype(np.float32)
    expected = -np.log(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).diagonal()
    assert to_numpy(Vae(CLASS_RECIPE).reconstruction(np.eye(10, dtype=np.float32), logits)) == pytest.approx(
        expected, rel=1e-5
    )


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.9])
def test_the_loss_is_reconstruction_plus_beta_times_rate_and_names_both(beta):
    vae = Vae(VaeConfig(**{**IMAGE.to_json(), "beta": beta}))
    vae.compile(optimizer="sgd")
    inputs = np.random.default_rng(0).uniform(size=(32, 4, 4)).astype(np.float32)
    result = vae.evaluate(inputs, batch_size=32, verbose=0, return_dict=True)
    assert set(result) == {"loss", "reconstruction", "rate"}
    assert result["loss"] == pytest.approx(result["reconstruction"] + beta * result["rate"], rel=1e-5)


@pytest.mark.parametrize(("config", "least", "most"), [(IMAGE, 0, 1), (SIGNAL, -np.inf, np.inf), (CLASS_RECIPE, 0, 1)])
def test_expected_inputs_lie_in_their_range(config, least, most):
    vae = Vae(config)
    latents = np.random.default_rng(0).normal(size=(6, config.latent_dim)).astype(np.float32) * 5
    inputs = to_numpy(vae.expected_input(vae.decoder(latents)))
    assert inputs.shape == (6, *config.input_shape)
    assert least <= inputs.min() <= inputs.max() <= most
    if config is CLASS_RECIPE:
        assert inputs.sum(axis=1) == pytest.approx(np.ones(6), rel=1e-5)
