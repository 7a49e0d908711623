import numpy as np
import pytest

from eval.rules.backpropagation import Backpropagation
from eval.rules.predictive_coding import STEP, ErrorPredictiveCoding, PredictiveCoding, measure_energy
from tests.support.rules import make_network, measure_cosine


def test_predictive_coding_nears_backpropagation_as_output_errors_weigh_less(batch, monkeypatch):
    exact = make_network(Backpropagation).suggest(*batch)
    cosines = []
    for variance in (1.0, 10.0, 1000.0):
        monkeypatch.setattr("eval.rules.predictive_coding.OUTPUT_VARIANCE", variance)
        monkeypatch.setattr("eval.rules.predictive_coding.STEPS", 200)
        cosines.append(measure_cosine(make_network(PredictiveCoding).suggest(*batch), exact))
    assert cosines == sorted(cosines)
    assert cosines[-1] > 0.999


def test_predictive_coding_settles_near_backpropagation_in_its_default_steps(batch):
    suggested, exact = make_network(PredictiveCoding).suggest(*batch), make_network(Backpropagation).suggest(*batch)
    assert all(measure_cosine(one, other) > 0.95 for one, other in zip(suggested, exact, strict=True))


def test_settled_errors_are_those_of_settled_states(batch, monkeypatch):
    """The equivalence that the paper of ePC proves, far from backpropagation."""
    for name in ("STEPS", "ERROR_STEPS"):
        monkeypatch.setattr(f"eval.rules.predictive_coding.{name}", 1000)
    monkeypatch.setattr("eval.rules.predictive_coding.OUTPUT_VARIANCE", 1.0)
    suggested = [make_network(rule).suggest(*batch) for rule in (ErrorPredictiveCoding, PredictiveCoding)]
    for first, second in zip(*suggested, strict=True):
        assert first == pytest.approx(second, abs=1e-7)
    exact = make_network(Backpropagation).suggest(*batch)
    assert measure_cosine(suggested[0], exact) < 0.98


def test_one_step_of_the_errors_brings_the_gradient_to_every_layer(batch, monkeypatch):
    monkeypatch.setattr("eval.rules.predictive_coding.ERROR_STEPS", 1)
    monkeypatch.setattr("eval.rules.predictive_coding.OUTPUT_VARIANCE", 1e6)
    *hidden, output = make_network(ErrorPredictiveCoding).suggest(*batch)
    *exact_hidden, exact_output = make_network(Backpropagation).suggest(*batch)
    assert 1e6 * output == pytest.approx(exact_output, rel=1e-4)
    for change, gradient in zip(hidden, exact_hidden, strict=True):
        assert 1e6 / STEP * change == pytest.approx(gradient, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_the_energy_falls_while_the_network_settles_however_large_its_weights_are(batch, monkeypatch, scale):
    network = make_network(PredictiveCoding)
    network.weights[1] *= scale
    energies = []
    for steps in range(12):
        monkeypatch.setattr("eval.rules.predictive_coding.STEPS", steps)
        energies.append(measure_energy(network.settle(*batch)[1]))
    assert (np.diff(energies, axis=0) <= 0).all()
    assert (energies[-1] < energies[0]).all()


def test_rows_settle_by_themselves_also_where_steps_are_halved(batch):
    x, y = batch
    network = make_network(PredictiveCoding)
    network.weights[1] *= 8
    whole = network.suggest(x, y)
    rows = [network.suggest(x[i : i + 1], y[i : i + 1]) for i in range(len(x))]
    for change, each in zip(whole, zip(*rows, strict=True), strict=True):
        assert change == pytest.approx(np.mean(each, axis=0), abs=1e-6)
