import pytest

from eval.studies.inputs import make_signals
from eval.studies.lottery.tickets import TwoSets
from eval.studies.textbook.convolutions import measure_convolutions

pytestmark = pytest.mark.slow


def test_convolutions_have_the_parameters_of_the_book_and_errors():
    sets = TwoSets(make_signals(60, 40), make_signals(60, 40, seed=43))
    plan = {"channels": 15, "layers": 3, "epochs": 30, "rate": 0.05, "momentum": 0.9, "halved": 10, "batch_rows": 10}
    figures = measure_convolutions(sets, 0, **plan).figures
    assert figures["parameters"] == 2_050
    assert figures["train_error"] < 30
    assert 0 < figures["test_error"] < 100
    assert figures["fresh_error"] > figures["train_error"]
