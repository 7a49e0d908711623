from dataclasses import replace

import pytest

from eval import evaluate
from eval.perceptrons import PLAN, fit_joint, fit_mlp, fit_residual
from eval.regressors import fit_linear
from ld_data.builder import make_dataset
from tests.fakes import FakeCodec, make_source


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(1500, 500), FakeCodec(), "fake", seed=0)


@pytest.mark.parametrize("fit", [fit_mlp, fit_residual])
def test_a_network_beats_the_linear_map_and_is_reproducible(fit, data, monkeypatch):
    monkeypatch.setattr("eval.perceptrons.PLAN", replace(PLAN, epochs=8))
    score = evaluate(fit(data, 0), data)
    assert score.skill > evaluate(fit_linear(data, 0), data).skill
    assert evaluate(fit(data, 0), data) == score


def test_a_network_trained_on_classes_decodes_well_and_lies_far_from_y(data):
    joint, linear = evaluate(fit_joint(data, 0), data), evaluate(fit_linear(data, 0), data)
    assert joint.decoded_accuracy > 0.95
    assert joint.mse > 2 * linear.mse
