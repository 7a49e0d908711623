import numpy as np
import pytest

from eval.studies.double_descent.widths import (
    count_parameters,
    find_peak,
    find_threshold,
    load_signals,
    measure_errors,
    measure_widths,
    summarise,
)
from eval.studies.inputs import make_signals
from eval.studies.perceptron import Perceptron, cross_entropy


def test_parameters_are_those_of_the_network():
    assert count_parameters(16, 10, 40) == 16**2 + 52 * 16 + 10
    assert count_parameters(16, 10, 40) == len(Perceptron([40, 16, 16, 10], np.random.default_rng(0)).values)
    assert find_threshold(4_000, 10, 40) == pytest.approx(42.3, abs=0.05)
    assert find_threshold(40_000, 10, 40) == pytest.approx(175.7, abs=0.05)
    assert count_parameters(find_threshold(500, 4, 32), 4, 32) == pytest.approx(500)


def test_the_peak_lies_between_widths():
    widths = np.array([1.0, 2.0, 4.0, 8.0])
    assert find_peak(widths, -((np.log2(widths) - 1.7) ** 2)) == pytest.approx(2**1.7)
    assert find_peak(widths, widths) == 8
    assert find_peak(widths, -widths) == 1


def test_a_summary_names_the_peak_and_the_end_of_training_errors():
    rows = np.array([[50.0, 70, 1, 1], [0, 40, 1, 1], [9, 50, 1, 3], [0, 45, 1, 2], [0, 43, 1, 1]])
    figures = summarise([5, 12, 16, 20, 30], rows).figures
    assert figures["peak_width"] == 16  # tiny networks err more, and do not count
    assert figures["peak_error"] == 50
    assert figures["gap"] == 7
    assert figures["zero_from"] == 20
    assert figures["least_train_error"] == 0
    assert 15 < figures["loss_peak_width"] < 20
    assert "zero_from" not in summarise([12, 16], rows[[0, 2]]).figures


def test_errors_are_shares_of_rows():
    outputs = np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 0.0], [5.0, 0.0]], np.float32)
    error, loss = measure_errors(np.pad(outputs, ((0, 0), (0, 8))), np.array([0, 1, 1, 0]), cross_entropy)
    assert error == 25
    assert loss > 0


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["nll", "mse"])
def test_wide_networks_learn_wrong_labels_by_heart(loss):
    settings = {"epochs": 60, "rate": 0.05, "noise": 0.3, "loss": loss, "batch_rows": 20}
    outcome = measure_widths(make_signals(400, 200), 1, widths=(2, 80), **settings)
    assert outcome == measure_widths(make_signals(400, 200), 1, widths=(2, 80), **settings)
    errors = np.array(outcome.curves["train_error"])
    assert errors[0] > errors[1] + 20
    assert len(load_signals().x_train) == 4_000


@pytest.mark.slow
def test_convolutions_are_measured_in_the_same_way():
    from eval.studies.double_descent.convolutions import measure_channels

    settings = {"epochs": 1, "rate": 0.01, "noise": 0.15, "batch_rows": 100}
    outcome = measure_channels(make_signals(400, 200), 0, channels=(2,), **settings)
    assert outcome.curves["at"] == [2.0]
    assert 50 < outcome.curves["test_error"][0] <= 100
    assert outcome.figures["peak_width"] == 2


def test_networks_start_as_in_pytorch_or_as_he():
    plan = {"widths": (8,), "epochs": 1, "rate": 0.0, "noise": 0.0, "loss": "nll", "batch_rows": 10}
    small, large = (
        measure_widths(make_signals(60, 40), 0, **plan, start=start).curves["test_loss"] for start in ("torch", "he")
    )
    assert small == measure_widths(make_signals(60, 40), 0, **plan).curves["test_loss"]
    assert large > small  # untrained outputs are larger
