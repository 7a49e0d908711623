"""Freezing: what is published computes what was trained, on any number of rows, from the same bytes."""

from dataclasses import replace
from functools import cache

import numpy as np
import onnx
import pytest
from keras import ops

from ld_data.noise import make_normals
from vae.config import VaeConfig
from vae.model import gaussian
from vae.model.vae import Vae
from vae.training.onnx_export import freeze, freeze_classes

pytestmark = pytest.mark.slow

IMAGE = VaeConfig(
    input_shape=(9, 7),
    latent_dim=5,
    encoder_filters=(3, 4),
    decoder_units=(8, 6),
    flow_couplings=2,
    flow_units=(8, 6),
    activation="silu",
    likelihood="pixel",
    posterior_std=0.2,
)
SIGNAL = VaeConfig(
    input_shape=(11,), latent_dim=4, encoder_filters=(3,), encoder_units=(8,), decoder_units=(8,), likelihood="gaussian"
)
CLASSES = VaeConfig(
    input_shape=(3,), latent_dim=4, encoder_filters=(), decoder_units=(), likelihood="categorical", beta=0.1
)
CONFIGS = {
    "image": IMAGE,
    "bernoulli": replace(IMAGE, likelihood="bernoulli", flow_couplings=0),
    "signal": SIGNAL,
    "classes": CLASSES,
}
ROWS = 40


def make_vae(config):
    """A VAE as if it were trained: nothing is left at 0, and the flow is standardised."""
    vae, random = Vae(config), np.random.default_rng(0)
    for weight in vae.trainable_weights:
        weight.assign(random.normal(0, 0.4, weight.shape))
    if vae.flow is not None:
        inner = random.normal(size=(4000, config.latent_dim)).astype(np.float32)
        vae.flow.standardise(ops.convert_to_numpy(vae.to_outer(inner)))
    return vae


@cache
def make_pair(name):
    vae = make_vae(CONFIGS[name])
    return vae, freeze(vae)


@pytest.fixture(scope="module", params=CONFIGS)
def pair(request):
    return make_pair(request.param)


@pytest.fixture(scope="module")
def inputs(pair):
    shape = (ROWS, *pair[0].config.input_shape)
    return np.random.default_rng(1).uniform(size=shape).astype(np.float32)


def test_draws_means_and_rates_are_those_of_the_trained_vae(pair, inputs):
    vae, frozen = pair
    noise = make_normals(7, 1, 3, ROWS, vae.config.latent_dim).astype(np.float32)
    z_mean, z_log_var = vae.encoder(inputs)
    draws = vae.to_outer(gaussian.sample(z_mean, z_log_var, noise))
    assert np.array_equal(frozen.make_noise("sample", 7, 1, 3, ROWS), noise)
    assert frozen.encoder.run(inputs, noise)[0] == pytest.approx(ops.convert_to_numpy(draws), abs=1e-5)
    zeros = frozen.make_noise("mean", 7, 1, 3, ROWS)
    assert frozen.encoder.run(inputs, zeros)[0] == pytest.approx(ops.convert_to_numpy(vae.to_outer(z_mean)), abs=1e-5)
    rates = ops.convert_to_numpy(vae.rate(z_mean, z_log_var, noise))
    assert frozen.encoder.run(inputs, noise)[1] == pytest.approx(rates, rel=1e-5, abs=1e-5)


def test_decoded_means_are_those_of_the_trained_vae(pair):
    vae, frozen = pair
    latents = np.random.default_rng(2).normal(size=(ROWS, vae.config.latent_dim)).astype(np.float32)
    expected = ops.convert_to_numpy(vae.expected_input(vae.decoder(vae.to_inner(latents))))
    assert frozen.decoder.run(latents)[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.untraced
def test_the_same_vae_gives_the_same_bytes():
    vae, frozen = make_pair("image")
    again = freeze(vae)
    assert again.encoder.model == frozen.encoder.model
    assert again.decoder.model == frozen.decoder.model


def test_no_shape_is_computed_from_the_rows(pair):
    """Where it is, tf2onnx makes one of two graphs of it, by the hashes of names: the bytes would differ."""
    for network in (pair[1].encoder, pair[1].decoder):
        graph = onnx.load_from_string(network.model).graph
        constants = {constant.name for constant in graph.initializer}
        assert {node.input[1] for node in graph.node if node.op_type == "Reshape"} <= constants


def test_flowing_back_cuts_and_negates_weights_and_not_results():
    graph = onnx.load_from_string(make_pair("image")[1].decoder.model).graph
    assert not {"Neg", "Split"} & {node.op_type for node in graph.node}
    assert sum(node.op_type == "Slice" for node in graph.node) <= 4  # of the first coupling and the last maps alone


def test_a_row_depends_on_its_company_by_rounding_at_most(pair, inputs):
    _, frozen = pair
    noise = frozen.make_noise("sample", 0, 0, 0, ROWS)
    whole = frozen.encoder.run(inputs, noise)[0]
    decoded = frozen.decoder.run(whole)[0]
    for rows in (1, 2, 3, 7, 16, 33):
        assert frozen.encoder.run(inputs[:rows], noise[:rows])[0] == pytest.approx(whole[:rows], abs=1e-6)
        assert frozen.decoder.run(whole[-rows:])[0] == pytest.approx(decoded[-rows:], abs=1e-6)


def test_frozen_classes_keep_the_linear_decoder_and_the_posteriors():
    vae = make_vae(CLASSES)
    codec = freeze_classes(vae, np.full(3, 1 / 3))
    assert codec.encode([2, 0], mode="mean") == pytest.approx(codec.class_mean[[2, 0]], abs=1e-6)
    scores = codec.class_mean @ codec.class_weight + codec.class_bias
    assert np.log(codec.decode(codec.class_mean)) == pytest.approx(
        scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), abs=1e-5
    )
    draws = codec.encode(np.repeat([0, 1, 2], 4000), seed=0).reshape(3, 4000, 4)
    assert draws.var(axis=1) == pytest.approx(codec.class_variance, rel=0.1)
