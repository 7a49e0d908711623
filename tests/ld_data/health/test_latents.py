import numpy as np
import pytest

import ld_data
from ld_data.health.gaussianity import count_repeats, measure_moments
from ld_data.health.latents import (
    NULL_SEEDS,
    REFERENCE_SEED,
    make_normal_sample,
    measure_codec,
    measure_latents,
    measure_nulls,
)
from ld_data.health.two_sample import measure_c2st
from ld_data.release.dataset import LatentDataset, Split
from ld_data.release.report import make_report
from tests.support.fakes import FakeCodec, make_source
from vae.recipes import MNIST_GOALS
from vae.runtime.cell_solver import make_cells

pytestmark = pytest.mark.slow
TRAIN, TEST, D, K = 60_000, 10_000, 32, 10
FEW = 20_000  # fewer do not find the mixture below
FEWEST = 5000  # suffice where there is nothing to find
LATENT_GOALS = {group: MNIST_GOALS[group] for group in ("x_train", "x_test", "y_train", "y_test", "x_train_test")}
NOT_OF_LATENTS = {"least_signal", "used_directions"}


def make_split(seed, rows, cells):
    label = np.random.default_rng(seed).integers(0, K, rows).astype(np.uint8)
    return Split(make_normal_sample(100 + seed, rows, D), cells.encode(label, seed=seed), label)


@pytest.fixture(scope="module")
def true_sample():
    """A dataset of MNIST's size whose x is N(0, I) and whose y is exact."""
    cells = make_cells(np.ones(K), D)
    splits = make_split(0, TRAIN, cells), make_split(1, TEST, cells)
    return LatentDataset("true", *splits, cells.class_weight, cells.class_bias, cells.class_mean)


def find_missed(measures):
    """The measures of x_train that miss a goal."""
    goals = {name: goal for name, goal in MNIST_GOALS["x_train"].items() if name in measures}
    return {row.measure for row in make_report({"x": measures}, {}, {"x": goals}).rows if row.is_missed}


@pytest.mark.untraced
def test_a_true_sample_passes_every_row(true_sample, monkeypatch):
    monkeypatch.setattr(
        "ld_data.health.latents.measure_c2st", lambda first, second: measure_c2st(first[:FEWEST], second[:FEWEST])
    )
    monkeypatch.setattr("ld_data.health.gaussianity.DIRECTIONS", 50)  # projections have no goals
    report = make_report(measure_latents(true_sample), {}, LATENT_GOALS)
    assert {row.measure for row in report.rows if row.is_missed} == NOT_OF_LATENTS  # these take models
    assert len(report.rows) > 60


class TestPlantedDefects:
    @pytest.fixture
    def x(self, true_sample):
        return true_sample.train.x.copy()

    def test_none(self, x):
        assert find_missed(measure_moments(x)) == set()

    def test_a_mean(self, x):
        x[:, 3] += 0.02
        assert find_missed(measure_moments(x)) == {"worst_mean"}

    def test_a_std(self, x):
        x[:, 3] *= 1.03
        assert find_missed(measure_moments(x)) == {"greatest_std"}
        x[:, 3] *= 0.97 / 1.03
        assert find_missed(measure_moments(x)) == {"least_std"}

    def test_a_correlation(self, x):
        x[:, 3] = 0.05 * x[:, 7] + np.sqrt(1 - 0.05**2) * x[:, 3]
        assert find_missed(measure_moments(x)) == {"worst_correlation"}

    def test_a_skew(self, x):
        x[:, 3] += 0.02 * (np.square(x[:, 3]) - 1)
        assert find_missed(measure_moments(x)) == {"worst_skew"}

    def test_a_collapsed_component(self, x):
        x[:, 3] = 0
        assert "least_std" in find_missed(measure_moments(x))
        assert measure_moments(x)["least_eigenvalue"] == pytest.approx(0, abs=1e-9)

    def test_a_mixture_of_ten_gaussians_with_the_right_moments(self, true_sample, x):
        """Its means and covariances are as they should be, and most projections nearly: C2ST can tell."""
        centres = np.linalg.qr(np.random.default_rng(5).normal(size=(D, K)))[0].T * 2.2
        mixed = centres[true_sample.train.label] + x
        mixed -= mixed.mean(axis=0)
        mixed = (mixed @ np.linalg.inv(np.linalg.cholesky(np.cov(mixed.T))).T).astype(np.float32)
        second_moments = {"worst_mean", "least_std", "greatest_std", "worst_correlation"}
        assert not find_missed(measure_moments(mixed)) & second_moments
        accuracy = measure_c2st(mixed[:FEW], make_normal_sample(REFERENCE_SEED, FEW, D))
        assert "c2st_mlp" in find_missed(accuracy)

    def test_duplicated_rows(self, true_sample, x):
        x[50_000:] = x[:10_000]
        repeats = {"repeated_rows": float(count_repeats(x, true_sample.test.x))}
        report = make_report({"x_train_test": repeats}, {}, {"x_train_test": MNIST_GOALS["x_train_test"]})
        assert [row.value for row in report.rows if row.is_missed] == [10_000]


def test_the_report_covers_both_spaces_and_splits_with_a_null_for_each(release, monkeypatch):
    monkeypatch.setattr("ld_data.health.gaussianity.DIRECTIONS", 50)
    data = ld_data.load("fake-4")
    report = measure_latents(data)
    groups = {f"{space}_{split}" for space in ("x", "y") for split in ("train", "test", "train_test")}
    assert set(report) == groups | {"xy_train", "xy_test"}
    assert report["y_test"]["decoded_accuracy"] == 1.0
    nulls = measure_nulls(data)
    for group in ("x_train", "y_train", "x_test", "y_test"):
        assert set(nulls[group]) == set(report[group]) - {"decoded_accuracy"}
        assert {len(values) for values in nulls[group].values()} == {NULL_SEEDS}


def test_the_measures_of_the_models():
    source = make_source(4000, 3000)
    report = measure_codec(FakeCodec(), source)
    signal = np.linalg.eigvalsh(np.cov(source.inputs_train.reshape(-1, 4).T))
    assert set(report) == {"x_train", "x_test"}
    assert report["x_train"]["least_signal"] == pytest.approx(signal[0], abs=0.1)
    assert report["x_train"]["used_directions"] == (signal > 0.25).sum()  # its noise has a variance of 0.25
    assert report["x_train"]["rate"] == pytest.approx(FakeCodec().x.measure_rate(source.inputs_train).mean())
