import numpy as np
import pytest

from eval.studies.contrast.encoders import TIMES, make_encoder, make_view, measure_layers
from eval.studies.inputs import make_signals
from eval.studies.lottery.tickets import TwoSets

pytestmark = [pytest.mark.slow, pytest.mark.untraced]


@pytest.fixture(scope="module")
def sets():
    return TwoSets(make_signals(60, 40), make_signals(60, 40, seed=43))


@pytest.mark.parametrize(("projector", "parameters"), [((125, 16), 21_716), ((), 3_950), ((125, 125, 125, 16), 53_216)])
def test_encoders_are_those_of_the_notebook(projector, parameters):
    encoder = make_encoder(projector, np.random.default_rng(0))
    assert encoder.count_params() == parameters
    assert [output.shape[1] for output in encoder.outputs] == [19 * 25, 10 * 25, 5 * 25, *projector]
    kernel, bias = encoder.layers[3].get_weights()
    assert 0.3 < np.abs(bias).max() <= 1 / np.sqrt(5)
    assert np.abs(kernel).max() <= 1 / np.sqrt(5)


def test_a_view_is_a_rotated_signal_with_another_mean_and_trend(sets):
    x = sets.published.x_train
    view = make_view(x, 10, np.random.default_rng(0))
    plain, seen = (_flatten(rows) for rows in (x, view))
    # a rotation of a signal without a trend may have one, so that candidates are flattened, too
    near = np.array([np.abs(_flatten(np.roll(plain, shift, axis=1)) - seen).max(axis=1) for shift in range(10)])
    assert near.min(axis=0).max() < 1e-5
    assert len(set(near.argmin(axis=0))) > 5
    assert view.mean(axis=1).std() == pytest.approx(0.3, rel=0.4)


@pytest.mark.parametrize(("target", "start"), [("views", 3.0), ("labels", 2.2)])
def test_an_encoder_is_trained_and_read_at_each_layer(sets, target, start):
    plan = {"epochs": 12, "rate": 0.01, "batch_rows": 20, "temperature": 0.5, "shift": 10}
    outcome = measure_layers(sets, 0, projector=(8, 4), target=target, **plan)
    assert outcome.figures["loss"] < start  # log 20 and log 10 without training
    assert outcome.curves["at"] == [0, 1, 2, 3, 4, 5]
    assert all(0 < value <= 100 for value in outcome.curves["fresh"])


def test_an_untrained_encoder_has_no_loss(sets):
    plan = {"epochs": 12, "rate": 0.01, "batch_rows": 20, "temperature": 0.5, "shift": 10}
    assert set(measure_layers(sets, 0, projector=(8, 4), target="none", **plan).figures) == {"parameters", "neighbours"}


def _flatten(x):
    flat = x - x.mean(axis=1, keepdims=True)
    return flat - np.outer(flat @ TIMES, TIMES) / (TIMES @ TIMES)
