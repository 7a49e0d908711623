"""Keras models as models."""

import keras
import numpy as np
import pytest

from eval.predictions import predict
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source

pytestmark = pytest.mark.slow


def test_a_keras_model_predicts_without_a_progress_bar(capfd):
    data = make_dataset(make_source(300, 300), FakeCodec(), "fake", seed=0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    weight, bias = model.get_weights()
    predictions = predict(model, data, batch_rows=128).values
    assert np.allclose(predictions, data.test.x @ weight + bias, atol=1e-5)
    assert capfd.readouterr().out == ""
