import io
import sys
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from ld_data.errors import InputError
from ld_data.health.gaussianity import measure_slices
from tests.support.fakes import make_source
from vae.config import VaeConfig
from vae.model.vae import Vae
from vae.recipes import CLASSES, Recipe
from vae.runtime.cells import Cells, GaussianClasses
from vae.training.objective import Objective
from vae.training.onnx_export import freeze
from vae.training.train import fit, train_codec, train_gaussian_classes, train_vae

pytestmark = pytest.mark.slow

CONFIG = VaeConfig(
    input_shape=(2, 2),
    latent_dim=2,
    encoder_filters=(4,),
    decoder_units=(8,),
    likelihood="gaussian",
    epochs=2,
    batch_size=16,
)

FLOWING = replace(
    CONFIG,
    posterior_std=0.2,
    beta=0.0,
    normality=10.0,
    divergence=1.0,
    class_loss=1.0,
    flow_couplings=1,
    flow_units=(8,),
    averaging=0.9,
    flow_epochs=2,
)


def weights_of(vae):
    return np.concatenate([weight.ravel() for weight in vae.get_weights()])


class Terminal(io.StringIO):
    """A terminal that keeps what it shows."""

    def isatty(self):
        return True


@pytest.fixture(scope="module")
def inputs():
    return make_source(256, 3).inputs_train, make_source(256, 3).label_train


@pytest.fixture(scope="module")
def terminal():
    return Terminal()


@pytest.fixture(scope="module")
def trained(inputs, terminal):
    """A VAE that was trained before a terminal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        return train_vae(CONFIG, *inputs)


@pytest.fixture(scope="module")
def flowing(inputs):
    """A VAE with a flow, and a reference to the images that it was trained on."""
    images = inputs[0].copy()
    return train_vae(FLOWING, images, inputs[1]), weakref.ref(images)


@pytest.mark.untraced
def test_training_lowers_the_loss(inputs):
    config, (images, labels) = replace(CONFIG, epochs=30, noise_std=0.5, learning_rate=1e-2), inputs

    def measure_loss(vae):
        objective = Objective(vae, 3)
        return float(objective.compute_loss(images, labels, objective(images)))

    assert measure_loss(train_vae(config, *inputs)) < 0.7 * measure_loss(Vae(config))


@pytest.mark.untraced
def test_the_seed_reproduces_every_term_and_the_flow_whatever_the_global_state(inputs, flowing):
    first, _ = flowing
    untrained = weights_of(Vae(FLOWING).flow)
    assert not np.isclose(weights_of(first.flow), untrained).all()
    keras.utils.set_random_seed(99)
    assert np.array_equal(weights_of(train_vae(FLOWING, *inputs)), weights_of(first))
    assert not np.isclose(weights_of(Vae(replace(FLOWING, seed=1)).flow), untrained).all()


def test_no_rows_are_kept_after_a_training(flowing):
    _, kept = flowing
    assert kept() is None


@pytest.mark.untraced
def test_the_flow_alone_brings_draws_nearer_to_the_standard_normal(monkeypatch):
    """Without the training before it, whose place a count takes."""
    fits = []
    monkeypatch.setattr("vae.training.train.fit", lambda *given: fits.append(given) or (len(fits) == 2 and fit(*given)))
    random = np.random.default_rng(0)
    bent = random.normal(size=(2000, 2))
    bent[:, 1] = 0.3 * bent[:, 1] + np.square(bent[:, 0]) - 1
    config = replace(FLOWING, input_shape=(2,), encoder_filters=(), decoder_units=(), divergence=0.0, class_loss=0.0)
    config = replace(config, flow_couplings=2, flow_units=(16,), flow_epochs=40)
    bent, noise = bent.astype(np.float32), random.normal(size=bent.shape).astype(np.float32)
    vae, before = train_vae(config, bent, np.zeros(2000, int)), Vae(config)
    x = ops.convert_to_numpy(vae.encode(bent, noise)[0])
    u = ops.convert_to_numpy(vae.to_inner(x))
    assert measure_slices(x)["epps_pulley_mean"] < 0.2 * measure_slices(u)["epps_pulley_mean"]
    assert len(fits) == 2
    assert np.array_equal(weights_of(vae.encoder), weights_of(before.encoder))
    assert np.array_equal(weights_of(vae.decoder), weights_of(before.decoder))


def test_progress_on_a_terminal_names_the_terms_of_the_loss(trained, terminal):
    shown = terminal.getvalue()
    assert "2/2" in shown
    assert "reconstruction=" in shown
    assert "rate=" in shown


def test_a_codec_has_cells_or_trained_gaussians(trained, inputs, monkeypatch):
    """With the VAE of x that is trained, and frozen once."""
    frozen, gaussians = freeze(trained), object()
    monkeypatch.setattr("vae.training.train.train_vae", lambda config, *_: {CONFIG: trained}[config])
    monkeypatch.setattr("vae.training.train.freeze", {trained: frozen}.__getitem__)
    given = []
    monkeypatch.setattr("vae.training.train.train_gaussian_classes", lambda *each: given.append(each) or gaussians)
    source, classes = make_source(256, 3), replace(CLASSES, input_shape=(3,))
    codec, other = (train_codec(source, Recipe("fake", CONFIG, classes, y)) for y in ("cells", "gaussian"))
    assert isinstance(codec.y, Cells)
    assert other.y is gaussians
    assert given == [(replace(classes, latent_dim=CONFIG.latent_dim, seed=CONFIG.seed), source)]
    for x in (codec.x, other.x):
        z_mean, _ = trained.encoder(inputs[0])
        assert x.encode(inputs[0], mode="mean") == pytest.approx(ops.convert_to_numpy(z_mean), abs=1e-5)


def test_trained_gaussians_agree_with_their_closed_form():
    source = make_source(3000, 3)
    classes = train_gaussian_classes(replace(CLASSES, input_shape=(3,), latent_dim=4), source)
    assert isinstance(classes, GaussianClasses)
    y = classes.encode(source.label_train, seed=0)
    assert np.square(y - classes.class_mean[source.label_train]).mean() == pytest.approx(classes.floor, rel=0.05)
    assert y.var(axis=0).mean() == pytest.approx(classes.null, rel=0.05)
    assert classes.floor < classes.null
    assert np.array_equal(classes.encode([0, 1, 2], mode="mean"), classes.class_mean)
    scores = y @ classes.class_weight + classes.class_bias
    assert np.array_equal(scores.argmax(axis=1), classes.decode(y).argmax(axis=1))


@pytest.mark.parametrize(("shape", "reason"), [((64, 3, 3), "shape"), ((15, 2, 2), "at least one batch")])
def test_inputs_that_do_not_fit_are_refused(shape, reason):
    with pytest.raises(InputError, match=reason):
        train_vae(CONFIG, np.zeros(shape, np.float32), np.zeros(shape[0], int))
