"""PyTorch modules as models, where PyTorch is installed."""

import numpy as np
import pytest

from eval import predictions
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="needs PyTorch, which LD-Data does not install")

ROWS = 300


def predict(model, data, **options):
    """Return the values of a model's checked predictions."""
    return predictions.predict(model, data, **options).values


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(ROWS, ROWS), FakeCodec(), "fake", seed=0)


@pytest.fixture
def network():
    """A network that changes in training mode: by dropout, and by the statistics of a batch."""
    part = torch.nn
    return part.Sequential(part.Linear(4, 4), part.BatchNorm1d(4), part.Dropout(0.5))


def test_a_module_predicts_in_evaluation_mode_and_gets_its_mode_back(network, data):
    network[1].eval()
    predictions = predict(network, data, batch_rows=100)
    assert [part.training for part in network.modules()] == [True, True, False, True]
    assert network[1].num_batches_tracked == 0
    with torch.no_grad():
        expected = network.eval()(torch.from_numpy(data.test.x)).numpy()
    assert np.allclose(predictions, expected, atol=1e-6)


def test_a_module_that_raises_gets_its_mode_back(data):
    network = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Dropout())
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as caught:
        predict(network, data)
    assert "raised by the model" in caught.value.__notes__[0]
    assert network.training
    assert network[1].training


@pytest.mark.parametrize("kind", ["float64", "bfloat16"])
def test_a_module_gets_the_type_of_its_parameters(data, kind):
    network = torch.nn.Linear(4, 4).to(getattr(torch, kind))
    assert predict(network, data).shape == (ROWS, 4)


def test_a_module_without_parameters_predicts(data):
    assert np.array_equal(predict(torch.nn.Identity(), data), data.test.x)


def test_a_modules_own_predict_is_preferred(data):
    class Module(torch.nn.Module):
        def forward(self, x):
            return x, x

        def predict(self, x):
            return self(x)[0]

    assert np.array_equal(predict(Module(), data), data.test.x)


def test_no_gradients_are_kept(data):
    kept = []

    class Module(torch.nn.Linear):
        def forward(self, x):
            kept.append(super().forward(x))
            return kept[-1]

    predict(Module(4, 4), data)
    assert not kept[0].requires_grad


def test_tensors_are_taken_from_functions_and_as_predictions(data):
    layer = torch.nn.Linear(4, 4)
    predictions = predict(layer, data)
    assert np.array_equal(predict(lambda x: layer(torch.from_numpy(x)), data), predictions)
    assert np.array_equal(predict(layer(torch.from_numpy(data.test.x)), data), predictions)
    assert np.array_equal(predict(list(layer(torch.from_numpy(data.test.x))), data), predictions)
