from eval.rules.backpropagation import Backpropagation
from eval.rules.predictive_coding import PredictiveCoding
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
