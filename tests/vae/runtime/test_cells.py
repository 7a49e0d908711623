from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ld_data.errors import InputError, IntegrityError
from vae.runtime.cell_solver import make_cells, make_cells_of
from vae.runtime.cells import Cells

MNIST_COUNTS = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
SIZES = [2, 8, 9, 31, 32]  # the plane; codewords; as many as a simplex needs; odd; a Hadamard matrix


@pytest.fixture(scope="module", params=SIZES)
def cells(request):
    return make_cells(MNIST_COUNTS, request.param)


@pytest.fixture(scope="module")
def labels():
    return np.repeat(np.arange(10), MNIST_COUNTS // 5)


@pytest.fixture(scope="module")
def y(cells, labels):
    return cells.encode(labels, seed=1)


@pytest.mark.slow
def test_every_y_decodes_to_its_own_class(cells, labels, y):
    assert y.dtype == np.float32
    assert np.array_equal(cells.decode(y).argmax(axis=1), labels)


@pytest.mark.slow
def test_the_aggregate_is_the_standard_normal(y):
    y, (n, d) = y.astype(np.float64), y.shape
    assert stats.kstest(y.ravel(), "norm").pvalue > 1e-4
    assert stats.kstest(np.square(y).sum(axis=1), stats.chi2(d).cdf).pvalue > 1e-4
    assert np.abs(y.mean(axis=0)).max() < 5 / np.sqrt(n)
    assert np.abs(np.cov(y, rowvar=False) - np.eye(d)).max() < 6 * np.sqrt(2 / n)


@pytest.mark.slow
def test_each_cell_holds_its_class_s_share_of_the_normal(cells):
    points = np.random.default_rng(0).normal(size=(400_000, cells.latent_dim)).astype(np.float32)
    share = np.bincount(cells.decode(points).argmax(axis=1), minlength=10) / len(points)
    assert share == pytest.approx(MNIST_COUNTS / MNIST_COUNTS.sum(), abs=0.002)


@pytest.mark.slow
def test_class_means_are_the_means_of_the_cells(cells, labels, y):
    for label in range(10):
        mean = y[labels == label].mean(axis=0)
        assert np.abs(mean - cells.class_mean[label]).max() < 5.5 / np.sqrt((labels == label).sum())


@pytest.mark.slow
def test_the_floor_is_the_spread_around_class_means(cells, labels, y):
    assert np.square(y - cells.class_mean[labels]).mean() == pytest.approx(cells.floor, abs=0.01)


def test_the_closed_form_figures_of_mnist():
    cells = make_cells(MNIST_COUNTS, 32)
    assert cells.floor == pytest.approx(0.9179, abs=1e-4)
    assert (1 - cells.floor) * 32 == pytest.approx(2.63, abs=0.005)
    assert cells.null == 1.0


def test_columns_are_a_regular_simplex_spread_over_all_coordinates():
    weight = make_cells(MNIST_COUNTS, 32).class_weight
    assert weight.T @ weight == pytest.approx(np.eye(10) * 10 / 9 - 1 / 9, abs=1e-6)
    assert np.linalg.norm(weight, axis=1) == pytest.approx(np.full(32, np.sqrt(10 / 32)), abs=1e-6)


def test_equal_classes_need_no_bias():
    assert make_cells(np.ones(10), 32).class_bias == pytest.approx(np.zeros(10), abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("frequency", [[0.5, 0.5], [0.999, 0.001], [0.9, 0.05, 0.03, 0.01, 0.01], np.ones(40)])
def test_any_frequencies_are_met(frequency):
    cells = make_cells(np.array(frequency), 64)
    points = np.random.default_rng(0).normal(size=(200_000, 64)).astype(np.float32)
    share = np.bincount(cells.decode(points).argmax(axis=1), minlength=len(frequency)) / len(points)
    assert share == pytest.approx(np.array(frequency) / np.sum(frequency), abs=0.003)


@pytest.mark.slow
def test_a_row_s_draw_depends_on_its_number_alone(labels):
    cells = make_cells(MNIST_COUNTS, 32)
    some = labels[:5000]
    whole = cells.encode(some, seed=1)
    assert np.array_equal(cells.encode(some[4000:4010], seed=1, first_row=4000), whole[4000:4010])
    assert not np.isclose(cells.encode(some, seed=2), whole).all(axis=1).any()


@pytest.mark.parametrize("first", [np.uint16(65_000), 2**63 - 1000, 2**103])
def test_rows_of_any_number_are_drawn(first):
    cells, some = make_cells(np.ones(3), 2), np.arange(2100) % 3
    assert np.array_equal(
        cells.encode(some, first_row=first)[2090:], cells.encode(some[2090:], first_row=int(first) + 2090)
    )


def test_mode_mean_gives_the_class_means():
    cells = make_cells(MNIST_COUNTS, 32)
    assert np.array_equal(cells.encode([3, 3, 0], mode="mean"), cells.class_mean[[3, 3, 0]])


@pytest.mark.parametrize(
    ("frequency", "d", "reason"),
    [([1.0], 32, "k of 2"), ([1, 0, 1], 32, "positive"), ([1, np.nan], 32, "positive"), ([1, 1], 1, "2 or more")],
)
def test_impossible_cells_are_refused(frequency, d, reason):
    with pytest.raises(InputError, match=reason):
        make_cells(np.array(frequency), d)


def test_classes_that_do_not_fit_into_few_dimensions_are_refused(monkeypatch):
    monkeypatch.setattr("vae.runtime.cell_solver.QUASI_RANDOM_POINTS", 2**12)  # of the average: no point is that rare
    with pytest.raises(InputError, match="do not fit into 2 dimensions"):
        make_cells(np.array([0.9999] + [1e-6] * 10), 2)


def test_a_class_without_a_cell_is_told_instead_of_drawn_for_ever():
    cells = make_cells_of(np.arange(3), 3, 4)
    lost = replace(cells, class_bias=cells.class_bias - np.array([1e6, 0, 0]))
    assert lost.encode([1, 2]).shape == (2, 4)
    with pytest.raises(IntegrityError, match=r"after 300 draws none.*class 0, whose frequency is 0\.33"):
        lost.encode([1, 0])
    with pytest.raises(InputError, match="frequency must be above 0"):
        replace(cells, frequency=np.array([0.5, 0.5, 0]))


def test_latents_whose_scores_overflow_are_refused():
    with pytest.raises(InputError, match=r"vectors must lie within \+-1e\+06; received 3e\+38"):
        make_cells(np.ones(3), 2).decode([[3e38, -3e38]])


def test_bad_labels_and_modes_are_refused():
    cells = make_cells_of(np.arange(10), 10, 16)
    with pytest.raises(InputError, match="0 to 9"):
        cells.encode([10])
    with pytest.raises(InputError, match="mode"):
        cells.encode([1], mode="median")


def test_the_basis_of_the_cells_is_stable_under_rounding():
    """The same rows must come out on any processor: the basis moves no more than W does."""
    cells = make_cells(MNIST_COUNTS, 32)
    nudged = cells.class_weight * (1 + 1e-6 * np.random.default_rng(0).normal(size=(32, 10)))
    other = Cells(nudged.astype(np.float32), cells.class_bias, cells.class_mean, cells.frequency)
    assert np.abs(cells._span - other._span).max() < 1e-4
    assert cells._span.T @ cells._span == pytest.approx(np.eye(9), abs=1e-12)
