from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats
from scipy.special import softmax

from vae.config import VaeConfig
from vae.model import gaussian
from vae.model.vae import Vae
from vae.recipes import CLASSES
from vae.training.objective import (
    RAMP,
    REST,
    Draw,
    FlowObjective,
    Objective,
    make_classifier,
    measure_class_loss,
    reconstruct,
)

pytestmark = pytest.mark.slow

IMAGE = VaeConfig(input_shape=(4, 4), latent_dim=2, encoder_filters=(4,), decoder_units=(8,))
SIGNAL = VaeConfig(input_shape=(8,), latent_dim=2, encoder_filters=(4,), decoder_units=(8,), likelihood="gaussian")

FLOWING = replace(IMAGE, posterior_std=0.3, beta=0.0, flow_couplings=2, flow_units=(8, 6))


def to_numpy(tensor):
    return ops.convert_to_numpy(tensor)


def test_bernoulli_reconstruction_is_the_negative_log_likelihood_summed_over_pixels():
    random = np.random.default_rng(0)
    pixels, logits = random.integers(0, 2, (5, 4, 4)).astype(np.float32), random.normal(size=(5, 4, 4))
    expected = -stats.bernoulli(1 / (1 + np.exp(-logits))).logpmf(pixels).sum(axis=(1, 2)).mean()
    assert to_numpy(reconstruct(pixels, logits.astype(np.float32), IMAGE)) == pytest.approx(expected, rel=1e-5)


def test_gaussian_reconstruction_is_the_negative_log_likelihood_but_for_a_constant():
    random = np.random.default_rng(0)
    signal, mean = random.normal(size=(2, 5, 8))
    expected = -(stats.norm(mean, 0.1).logpdf(signal) - stats.norm(mean, 0.1).logpdf(mean)).sum(axis=1).mean()
    result = reconstruct(signal.astype(np.float32), mean.astype(np.float32), SIGNAL)
    assert to_numpy(result) == pytest.approx(expected, rel=1e-4)


def test_pixel_reconstruction_is_gaussian_around_a_mean_that_is_a_pixel():
    pixels, logits = np.random.default_rng(0).uniform(size=(2, 5, 4, 4)).astype(np.float32)
    config, mean = replace(IMAGE, likelihood="pixel"), 1 / (1 + np.exp(-logits))
    expected = 0.5 * (np.square(pixels - mean) / config.noise_std**2).sum(axis=(1, 2)).mean()
    assert to_numpy(reconstruct(pixels, logits, config)) == pytest.approx(expected, rel=1e-4)


def test_categorical_reconstruction_is_the_cross_entropy():
    logits = np.random.default_rng(0).normal(size=(10, 10)).astype(np.float32)
    expected = -np.log(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).diagonal().mean()
    result = reconstruct(np.eye(10, dtype=np.float32), logits, CLASSES)
    assert to_numpy(result) == pytest.approx(expected, rel=1e-5)


def evaluate(config, inputs):
    objective = Objective(Vae(config), classes=3)
    objective.compile()
    labels = np.arange(len(inputs)) % 3
    return objective.evaluate(inputs, labels, batch_size=len(inputs), verbose=0, return_dict=True)


@pytest.mark.parametrize("beta", [1.0, 4.9])
def test_the_loss_is_reconstruction_plus_beta_times_rate_and_names_both(beta):
    inputs = np.random.default_rng(0).uniform(size=(32, 4, 4)).astype(np.float32)
    result = evaluate(replace(IMAGE, beta=beta), inputs)
    assert set(result) == {"loss", "reconstruction", "rate"}
    assert result["loss"] == pytest.approx(result["reconstruction"] + beta * result["rate"], rel=1e-5)


def test_every_other_term_is_weighted_and_named():
    inputs = np.random.default_rng(0).uniform(size=(33, 4, 4)).astype(np.float32)
    weights = {"normality": 3.0, "class_loss": 2.0, "divergence": 5.0}
    result = evaluate(replace(FLOWING, **weights), inputs)
    assert set(result) == {"loss", "reconstruction", *weights}
    expected = result["reconstruction"] + 3 * result["normality"] + 2 * result["class_loss"] - result["divergence"]
    assert result["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_slip_halves_the_log_variance_in_the_rate_alone():
    inputs = np.random.default_rng(0).uniform(size=(32, 4, 4)).astype(np.float32)
    z_mean, z_log_var = Vae(IMAGE).encoder(inputs)
    right, slipped = (evaluate(replace(IMAGE, slip=slip), inputs) for slip in (False, True))
    assert slipped["reconstruction"] == right["reconstruction"]
    assert slipped["rate"] == pytest.approx(float(to_numpy(gaussian.rate(z_mean, 0.5 * z_log_var)).mean()), rel=1e-5)


def test_published_latents_go_back_to_the_inner_ones_exactly():
    vae, inner = Vae(FLOWING), np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    outer = vae.to_outer(inner)
    assert not np.allclose(to_numpy(outer), inner)
    assert to_numpy(vae.to_inner(outer)) == pytest.approx(inner, abs=1e-5)


def test_the_rate_with_a_flow_estimates_that_without_when_the_flow_is_a_rotation():
    inputs = np.random.default_rng(0).uniform(size=(4, 4, 4)).astype(np.float32)
    vae = Vae(FLOWING)
    z_mean, z_log_var = vae.encoder(inputs)
    noise = [np.random.default_rng(seed).normal(size=(4, 2)) for seed in range(400)]
    rows = np.tile(np.arange(4), 400)
    rates = vae.rate(ops.take(z_mean, rows, 0), ops.take(z_log_var, rows, 0), np.concatenate(noise).astype(np.float32))
    assert to_numpy(rates).reshape(400, 4).mean(axis=0) == pytest.approx(
        to_numpy(gaussian.rate(z_mean, z_log_var)), abs=0.15
    )


@pytest.mark.parametrize(
    ("config", "least", "most"),
    [(IMAGE, 0, 1), (replace(IMAGE, likelihood="pixel"), 0, 1), (SIGNAL, -np.inf, np.inf), (CLASSES, 0, 1)],
)
def test_expected_inputs_lie_in_their_range(config, least, most):
    vae = Vae(config)
    latents = np.random.default_rng(0).normal(size=(6, config.latent_dim)).astype(np.float32) * 5
    inputs = to_numpy(vae.expected_input(vae.decoder(latents)))
    assert inputs.shape == (6, *config.input_shape)
    assert least <= inputs.min() <= inputs.max() <= most
    if config is CLASSES:
        assert inputs.sum(axis=1) == pytest.approx(np.ones(6), rel=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="takes gradients by TensorFlow")
def test_the_encoder_lowers_the_divergence_that_the_flow_estimates():
    """The value is the flow's, the gradient to the latents turned round and weighted after the flow's rest."""
    import tensorflow

    objective = Objective(Vae(replace(FLOWING, divergence=3.0)), classes=3, total_steps=1000)
    inner = tensorflow.constant(np.random.default_rng(0).normal(1, 1, (20, 2)).astype(np.float32))
    with tensorflow.GradientTape() as tape:
        tape.watch(inner)
        plain = ops.mean(objective.vae.log_density(inner) - gaussian.log_density(inner))
    expected = -3.0 * tape.gradient(plain, inner).numpy()
    for steps, weight in (
        (0, 0.0),
        (round(REST * 1000) - 1, 0.0),
        (round((REST + RAMP) * 1000) + 1, 1.0),
        (10**6, 1.0),
    ):
        objective.steps.assign(steps)
        with tensorflow.GradientTape() as tape:
            tape.watch(inner)
            value = objective._estimate_divergence(Draw(None, None, inner, None, None), None)
        assert value.numpy() == pytest.approx(plain.numpy(), abs=1e-4)
        assert tape.gradient(value, inner).numpy() == pytest.approx(weight * expected, abs=1e-4)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="takes gradients by TensorFlow")
def test_the_class_loss_of_published_latents_has_one_weight_for_the_encoder_and_one_for_the_flow():
    import tensorflow

    config = replace(FLOWING, class_loss=60.0, flow_class_loss=2.0, class_units=(5,), class_linear=0.25)
    objective, labels = Objective(Vae(config), classes=3), np.arange(20) % 3
    inner = tensorflow.constant(np.random.default_rng(0).normal(0, 1, (20, 2)).astype(np.float32))
    weights = [*objective.vae.flow.trainable_weights, *objective.classifier.trainable_weights]
    values = [weight.value for weight in weights]
    with tensorflow.GradientTape(persistent=True) as tape:
        tape.watch(inner)
        plain = measure_class_loss(objective.classifier(objective.vae.to_outer(inner)), labels, 0.25)
        weight, measure = objective.terms["class_loss"]
        term = weight * measure(Draw(None, None, inner, None, None), labels)
    assert to_numpy(term) == pytest.approx(2 * to_numpy(plain), rel=1e-5)
    assert to_numpy(tape.gradient(term, inner)) == pytest.approx(60 * to_numpy(tape.gradient(plain, inner)), rel=1e-3)
    for found, expected in zip(tape.gradient(term, values), tape.gradient(plain, values), strict=True):
        assert to_numpy(found) == pytest.approx(2 * to_numpy(expected), rel=1e-3, abs=1e-6)


def test_the_loss_of_the_flow_is_the_joint_likelihood_of_latents_and_classes():
    vae = Vae(replace(FLOWING, class_loss=60.0, flow_class_loss=1.0))
    posterior, labels = np.random.default_rng(0).normal(size=(2, 40, 2)).astype(np.float32), np.arange(40) % 3
    classifier = make_classifier(vae.config, classes=3)
    objective = FlowObjective(vae, vae.flow, classifier)
    inner = objective(tuple(posterior))
    joint = (
        to_numpy(vae.log_density(inner))
        + np.log(softmax(to_numpy(classifier(vae.to_outer(inner)))[:, 0], axis=1)).T[labels, np.arange(40)]
    )
    loss = to_numpy(objective.compute_loss(y=labels, y_pred=inner))
    assert loss == pytest.approx((stats.norm.logpdf(to_numpy(inner)).sum(axis=1) - joint).mean(), rel=1e-4)


def test_a_linear_classifier_takes_its_share_of_the_class_loss_beside_one_with_hidden_layers():
    classifier = make_classifier(VaeConfig((40,), latent_dim=4, class_units=(6,), class_linear=0.25), classes=3)
    x, labels = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32), np.arange(20) % 3
    both = to_numpy(classifier(x))
    hidden, linear = both[:, 0], both[:, 1]
    *_, last = classifier.layers
    assert to_numpy(linear) == pytest.approx(x @ to_numpy(last.kernel) + to_numpy(last.bias), abs=1e-5)
    each = [-np.log(softmax(to_numpy(logits), axis=1))[np.arange(20), labels].mean() for logits in (hidden, linear)]
    assert to_numpy(measure_class_loss(both, labels, 0.25)) == pytest.approx(0.75 * each[0] + 0.25 * each[1])
    assert to_numpy(measure_class_loss(both[:, :1], labels, 0.0)) == pytest.approx(each[0])
