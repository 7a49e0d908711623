from dataclasses import replace

import keras
import numpy as np
import pytest

from ld_data.errors import InputError
from tests.fakes import make_source
from vae.cells import Cells
from vae.config import VaeConfig
from vae.gaussian_classes import GaussianClasses
from vae.training import train_codec, train_gaussian_classes, train_vae

CONFIG = VaeConfig(
    input_shape=(2, 2),
    latent_dim=2,
    encoder_filters=(4,),
    decoder_units=(8,),
    likelihood="gaussian",
    epochs=2,
    batch_size=16,
)


def weights_of(vae):
    return np.concatenate([weight.ravel() for weight in vae.get_weights()])


@pytest.fixture(scope="module")
def inputs():
    return make_source(256, 3).x_train


def test_the_seed_reproduces_the_weights_whatever_the_global_state(inputs):
    first = weights_of(train_vae(CONFIG, inputs, progress=False))
    keras.utils.set_random_seed(99)
    assert np.array_equal(weights_of(train_vae(CONFIG, inputs, progress=False)), first)
    assert not np.isclose(weights_of(train_vae(replace(CONFIG, seed=1), inputs, progress=False)), first).all()


def test_training_lowers_the_loss(inputs):
    def loss(epochs):
        vae = train_vae(replace(CONFIG, epochs=epochs, noise_std=0.5, learning_rate=1e-2), inputs, progress=False)
        vae.compile()
        return vae.evaluate(inputs, verbose=0, return_dict=True)["loss"]

    assert loss(30) < 0.7 * loss(1)


def test_progress_names_the_terms_of_the_loss(inputs, capsys):
    train_vae(CONFIG, inputs)
    shown = capsys.readouterr().err
    assert "2/2" in shown
    assert "reconstruction=" in shown
    assert "rate=" in shown


def test_a_codec_has_cells_or_trained_gaussians():
    source = make_source(256, 3)
    assert isinstance(train_codec(source, CONFIG, progress=False).y, Cells)
    assert isinstance(train_codec(source, CONFIG, "gaussian", progress=False).y, GaussianClasses)


def test_trained_gaussians_agree_with_their_closed_form():
    source = make_source(3000, 3)
    classes = train_gaussian_classes(source, latent_dim=4, progress=False)
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
        train_vae(CONFIG, np.zeros(shape, np.float32), progress=False)
