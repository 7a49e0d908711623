import numpy as np
import pytest

import ld_data
from ld_data.health import make_health_report, measure_moments


@pytest.fixture
def gaussian():
    return np.random.default_rng(0).normal(size=(20_000, 6))


def test_a_true_gaussian_looks_like_one(gaussian):
    moments = measure_moments(gaussian)
    assert moments.worst_mean < 0.03
    assert moments.least_std > 0.98
    assert moments.greatest_std < 1.02
    assert moments.worst_correlation < 0.03


def test_planted_defects_show_in_their_own_figure(gaussian):
    shifted, narrow, wide, tied = (gaussian.copy() for _ in range(4))
    shifted[:, 2] += 0.1
    narrow[:, 1] *= 0.66
    wide[:, 5] *= 1.1
    tied[:, 0] = 0.9 * tied[:, 3] + np.sqrt(1 - 0.81) * tied[:, 0]
    assert measure_moments(shifted).worst_mean == pytest.approx(0.1, abs=0.03)
    assert measure_moments(narrow).least_std == pytest.approx(0.66, abs=0.02)
    assert measure_moments(wide).greatest_std == pytest.approx(1.1, abs=0.02)
    assert measure_moments(tied).worst_correlation == pytest.approx(0.9, abs=0.02)


def test_a_constant_component_is_reported_not_hidden(gaussian):
    gaussian[:, 0] = 0
    assert measure_moments(gaussian).least_std == 0
    assert measure_moments(gaussian).worst_correlation < 0.03


def test_the_report_covers_both_spaces_and_splits(release):
    report = make_health_report(ld_data.load("fake-4"))
    assert set(report) == {"x_train", "y_train", "x_test", "y_test"}
    assert report["y_test"]["decoded_accuracy"] == 1.0
