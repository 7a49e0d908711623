import numpy as np
import pytest
from scipy import integrate, stats

from ld_data.health.gaussianity import count_repeats, measure_moments, measure_signal, measure_slices
from ld_data.health.latents import make_normal_sample


@pytest.fixture
def gaussian():
    return make_normal_sample(0, 20_000, 6)


class TestMoments:
    def test_a_true_gaussian_looks_like_one(self, gaussian):
        moments = measure_moments(gaussian)
        assert moments["worst_mean"] < 0.03
        assert 0.98 < moments["least_std"] < moments["greatest_std"] < 1.02
        assert 0.95 < moments["least_eigenvalue"] < moments["greatest_eigenvalue"] < 1.05
        assert moments["worst_correlation"] < 0.03
        assert moments["worst_skew"] < 0.06
        assert moments["worst_kurtosis"] < 0.15

    def test_planted_defects_show_in_their_own_figure(self, gaussian):
        shifted, narrow, wide, tied, skewed, heavy = (gaussian.copy() for _ in range(6))
        shifted[:, 2] += 0.1
        narrow[:, 1] *= 0.66
        wide[:, 5] *= 1.1
        tied[:, 0] = 0.9 * tied[:, 3] + np.sqrt(1 - 0.81) * tied[:, 0]
        skewed[:, 4] = (np.square(skewed[:, 4]) - 1) / np.sqrt(2)
        heavy[:, 4] = stats.laplace.ppf(stats.norm.cdf(heavy[:, 4]))
        assert measure_moments(shifted)["worst_mean"] == pytest.approx(0.1, abs=0.03)
        assert measure_moments(narrow)["least_std"] == pytest.approx(0.66, abs=0.02)
        assert measure_moments(wide)["greatest_std"] == pytest.approx(1.1, abs=0.02)
        assert measure_moments(tied)["worst_correlation"] == pytest.approx(0.9, abs=0.02)
        assert measure_moments(tied)["least_eigenvalue"] == pytest.approx(0.1, abs=0.02)
        assert measure_moments(skewed)["worst_skew"] == pytest.approx(np.sqrt(8), rel=0.1)
        assert measure_moments(heavy)["worst_kurtosis"] == pytest.approx(3, rel=0.2)

    def test_a_constant_component_is_reported_not_hidden(self, gaussian):
        gaussian[:, 0] = 0
        moments = measure_moments(gaussian)
        assert moments["least_std"] == 0
        assert moments["least_eigenvalue"] == pytest.approx(0, abs=1e-9)
        assert moments["worst_correlation"] < 0.03


class TestSlices:
    def test_they_agree_with_their_definitions(self):
        """In one dimension, where every direction is the same but for its sign: by quadrature and by scipy."""
        sample = make_normal_sample(1, 500, 1) * 1.2 + 0.3
        slices = measure_slices(sample)

        def integrand(t):
            gap = np.exp(1j * t * sample).mean() - np.exp(-0.5 * t * t)
            return np.abs(gap) ** 2 * stats.norm.pdf(t)

        expected = len(sample) * integrate.quad(integrand, -6, 6)[0]
        assert slices["epps_pulley_mean"] == pytest.approx(expected, rel=0.01)
        normal = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
        distances = [stats.wasserstein_distance(sign * sample[:, 0], normal) for sign in (1, -1)]
        assert slices["wasserstein_worst"] == pytest.approx(max(distances), abs=0.006)

    @pytest.mark.slow
    def test_the_null_of_epps_pulley_is_its_expectation(self):
        values = [measure_slices(make_normal_sample(seed, 2000, 8))["epps_pulley_mean"] for seed in range(10)]
        assert np.mean(values) == pytest.approx(1 - 1 / np.sqrt(3), abs=0.05)

    @pytest.mark.slow
    def test_a_direction_between_the_components_is_seen(self, gaussian):
        null = measure_slices(gaussian)
        both = np.where(np.random.default_rng(1).random((len(gaussian), 1)) < 0.5, 1.0, -1.0)
        gaussian[:, :2] = np.abs(gaussian[:, :2]) * both  # each is normal; together they are not
        assert measure_slices(gaussian)["epps_pulley_worst"] > 5 * null["epps_pulley_worst"]
        assert measure_slices(gaussian)["wasserstein_worst"] > 2 * null["wasserstein_worst"]


def test_repeated_rows_are_counted_within_and_between(gaussian):
    first, second = gaussian[:100], gaussian[100:150].copy()
    assert count_repeats(first, second) == 0
    second[:7] = first[10:17]
    second[7] = second[8]
    assert count_repeats(first, second) == 8
    assert count_repeats(np.array([[0.0, 1.0]]), np.array([[-0.0, 1.0]])) == 1


def test_signal_is_the_variance_that_two_draws_have_in_common():
    random = np.random.default_rng(0)
    variance, size = np.array([0.9, 0.5, 0.0]), np.array([1.0, 0.1, 1.0])
    common = random.normal(size=(50_000, 3)) * np.sqrt(variance)
    draws = [(common + random.normal(size=(50_000, 3)) * np.sqrt(1 - variance)) * size for _ in range(2)]
    signal, share = measure_signal(*draws)
    assert signal == pytest.approx([0.0, 0.005, 0.9], abs=0.02)
    assert share == pytest.approx([0.0, 0.5, 0.9], abs=0.02)


def test_a_constant_component_has_no_signal():
    draws = np.random.default_rng(0).normal(size=(2, 500, 3)) * [1, 0, 1]
    signal, share = measure_signal(*draws)
    assert np.isfinite(share).all()
    assert np.abs([signal, share]).max() < 0.2
