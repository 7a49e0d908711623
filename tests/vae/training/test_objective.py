import numpy as np
import pytest
from keras import ops

from vae.training.objective import sliced_epps_pulley

pytestmark = pytest.mark.slow


def measure(z_mean, z_log_var, directions=None):
    directions = np.eye(z_mean.shape[1], dtype=np.float32) if directions is None else directions
    arrays = (np.asarray(values, np.float32) for values in (z_mean, z_log_var, directions))
    return float(ops.convert_to_numpy(sliced_epps_pulley(*arrays)))


def draw(scale, rows=20_000, width=3):
    return np.random.default_rng(0).normal(size=(rows, width)) * scale


def full(values, variance):
    return np.full_like(values, np.log(variance))


def test_an_aggregate_that_is_standard_normal_costs_nothing():
    means = draw(0.8)
    assert measure(means, full(means, 0.36)) < 1e-3


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.2])
def test_an_aggregate_too_narrow_or_too_wide_costs_more(scale):
    means = draw(scale)
    assert measure(means, full(means, 0.36)) > 0.01


def test_a_mixture_with_the_right_moments_costs_more():
    means = np.random.default_rng(0).choice([-0.8, 0.8], (20_000, 3))
    assert measure(means, full(means, 0.36)) > 0.01


def test_the_noise_is_integrated_exactly():
    """As if each posterior had been sampled without end."""
    means, log_var = draw(1.0, rows=5), np.random.default_rng(1).normal(size=(5, 3))
    sampled = np.repeat(means, 100_000, axis=0)
    sampled += np.random.default_rng(2).normal(size=sampled.shape) * np.exp(0.5 * np.repeat(log_var, 100_000, axis=0))
    assert measure(means, log_var) == pytest.approx(measure(sampled, np.full_like(sampled, -40.0)), rel=0.02)


def test_directions_are_averaged():
    means = draw(1.0) * [1.0, 0.1, 1.0]
    each = [measure(means, full(means, 1e-9), np.eye(3)[:, [i]]) for i in range(3)]
    assert measure(means, full(means, 1e-9)) == pytest.approx(np.mean(each), rel=1e-3)
    assert each[1] > 100 * max(each[0], each[2])
