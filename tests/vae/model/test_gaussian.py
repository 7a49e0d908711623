import numpy as np
import pytest
from keras import ops
from scipy import integrate, stats

from vae.model import gaussian

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("log_var", [-3.0, 0.0, 1.5])
def test_the_std_of_a_draw_is_exp_of_half_the_log_variance(log_var):
    noise = np.random.default_rng(0).normal(size=(50_000, 1))
    draws = ops.convert_to_numpy(gaussian.sample(np.full((50_000, 1), 2.0), np.full((50_000, 1), log_var), noise))
    assert draws.mean() == pytest.approx(2.0, abs=0.03 * np.exp(0.5 * log_var))
    assert draws.std() == pytest.approx(np.exp(0.5 * log_var), rel=0.02)


def test_a_draw_is_the_mean_plus_std_times_noise():
    draws = gaussian.sample(np.array([[1.0, 2.0]]), np.log([[4.0, 9.0]]), np.array([[0.5, -1.0]]))
    assert ops.convert_to_numpy(draws) == pytest.approx(np.array([[2.0, -1.0]]))


@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (1.0, 0.0), (0.0, -2.0), (-0.7, 1.1)])
def test_the_rate_is_the_divergence_from_the_standard_normal(mean, log_var):
    """Against the definition, integrated numerically."""
    posterior, prior = stats.norm(mean, np.exp(0.5 * log_var)), stats.norm()
    expected, _ = integrate.quad(
        lambda z: posterior.pdf(z) * (posterior.logpdf(z) - prior.logpdf(z)), mean - 12, mean + 12, limit=200
    )
    rate = ops.convert_to_numpy(gaussian.rate(np.array([[mean]]), np.array([[log_var]])))
    assert rate == pytest.approx(np.array([expected]), abs=1e-6)


def test_the_rate_is_summed_over_dimensions_and_kept_apart_by_row():
    rates = gaussian.rate(np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 2.0]]), np.zeros((2, 3)))
    assert ops.convert_to_numpy(rates) == pytest.approx(np.array([1.5, 2.0]))


def test_the_predecessor_s_slip_would_be_caught():
    """Sampling with exp(z_log_var) as the std leaves a used component with a std below 1: see DESIGN's section 3."""
    log_var = np.full((100_000, 1), np.log(0.25))
    noise, spread = np.random.default_rng(0).normal(size=(2, 100_000, 1))
    means = spread * np.sqrt(0.75)
    assert ops.convert_to_numpy(gaussian.sample(means, log_var, noise)).std() == pytest.approx(1.0, abs=0.01)
    assert (means + np.exp(log_var) * noise).std() == pytest.approx(0.9014, abs=0.01)
