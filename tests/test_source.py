from dataclasses import replace

import numpy as np
import pytest

from ld_data import source as sources
from ld_data.errors import UnknownNameError
from ld_data.source import load_source
from tests.fakes import make_source


def test_mnist1d_is_the_published_set():
    source = load_source("mnist1d")
    assert source.x_train.shape == (4000, 40)
    assert source.x_test.shape == (1000, 40)
    assert source.x_train.dtype == np.float32
    assert source.classes == 10


def test_mnist1d_models_are_fitted_on_other_signals(monkeypatch):
    monkeypatch.setattr(sources, "MNIST1D_FIT_ROWS", 5000)
    source = load_source("mnist1d")
    fit = source.make_fit_inputs(0)
    assert fit.shape == (5000, 40)
    assert not np.array_equal(fit, source.make_fit_inputs(1))
    assert not (fit[:, None, :5] == source.x_test[None, :, :5]).all(axis=2).any()


def test_mnist_is_fitted_on_its_training_images(mnist_home):
    source = load_source("mnist")
    assert source.make_fit_inputs(0) is source.x_train
    assert source.x_train.dtype == np.uint8


def test_the_hash_covers_every_array():
    source = make_source()
    assert source.sha256 == make_source().sha256
    for name in ("x_train", "label_train", "x_test", "label_test"):
        altered = getattr(source, name).copy()
        altered.flat[0] += 1
        assert replace(source, **{name: altered}).sha256 != source.sha256


def test_an_unknown_source_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'cifar'\. Known: mnist, mnist1d"):
        load_source("cifar")
