import numpy as np
import pytest

from ld_data.health.latents import make_normal_sample
from ld_data.health.two_sample import measure_c2st


@pytest.mark.slow
def test_two_samples_of_the_same_distribution_are_not_told_apart():
    accuracy = measure_c2st(make_normal_sample(0, 4000, 5), make_normal_sample(1, 4000, 5))
    assert accuracy == pytest.approx({"c2st_mlp": 0.5, "c2st_trees": 0.5}, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("change", [lambda z: z + 0.3, lambda z: z * 1.3, np.abs], ids=["mean", "scale", "shape"])
def test_means_scales_and_shapes_count(change):
    accuracy = measure_c2st(change(make_normal_sample(0, 4000, 5)), make_normal_sample(1, 4000, 5))
    assert min(accuracy.values()) > 0.56


def test_rows_that_were_fitted_on_are_not_judged():
    """Labels without any rule behind them: only memory could tell."""
    accuracy = measure_c2st(make_normal_sample(0, 300, 30), make_normal_sample(1, 300, 30))
    assert max(accuracy.values()) < 0.62


def test_of_the_larger_sample_as_many_rows_are_taken():
    accuracy = measure_c2st(make_normal_sample(0, 8000, 3), make_normal_sample(1, 1000, 3))
    assert accuracy == pytest.approx({"c2st_mlp": 0.5, "c2st_trees": 0.5}, abs=0.06)


def test_the_same_seed_gives_the_same_accuracy():
    samples = make_normal_sample(0, 1000, 3), make_normal_sample(1, 1000, 3)
    assert measure_c2st(*samples) == measure_c2st(*samples)


def test_with_too_few_rows_there_is_no_test():
    assert measure_c2st(make_normal_sample(0, 99, 3), make_normal_sample(1, 5000, 3)) == {}
