import numpy as np
import pytest
from scipy import stats

from ld_data.errors import InputError
from ld_data.noise import X_STREAM, Y_STREAM, make_normals, make_normals_at, make_uniforms


@pytest.mark.parametrize("width", [1, 3, 4, 5, 32])
def test_a_row_is_the_same_in_any_chunk(width):
    whole = make_normals(7, X_STREAM, 0, 50, width)
    for start, rows in ((0, 1), (13, 20), (49, 1)):
        assert np.array_equal(make_normals(7, X_STREAM, start, rows, width), whole[start : start + rows])


@pytest.mark.parametrize("rows", [[0], [49], [3, 4, 20], [0, 49], range(50)])
def test_chosen_rows_are_those_of_the_whole(rows):
    rows = np.array(rows)
    for first in (0, 2**63 - 5):
        assert np.array_equal(
            make_normals_at(7, X_STREAM, first, rows, 9), make_normals(7, X_STREAM, first, 50, 9)[rows]
        )


def test_rows_seeds_and_streams_differ():
    rows = make_normals(0, X_STREAM, 0, 1000, 4)
    assert len(np.unique(rows)) == rows.size
    assert not np.isin(rows, make_normals(1, X_STREAM, 0, 1000, 4)).any()
    assert not np.isin(rows, make_normals(0, Y_STREAM, 0, 1000, 4)).any()


def test_values_are_standard_normal_and_independent():
    values = make_normals(0, X_STREAM, 0, 20_000, 8)
    assert stats.kstest(values.ravel(), "norm").pvalue > 0.001
    assert np.abs(np.corrcoef(values, rowvar=False) - np.eye(8)).max() < 0.03
    assert abs(np.corrcoef(values[1:, 0], values[:-1, 0])[0, 1]) < 0.03


def test_uniforms_are_inside_the_open_interval():
    values = make_uniforms(0, X_STREAM, 0, 100_000, 4)
    assert values.min() > 0
    assert values.max() < 1


def test_published_releases_can_be_redrawn():
    """The first values of the stream: a change here would orphan every release."""
    expected = [0.8903241, 0.6786856, 0.4444712, -0.0423145]
    assert make_normals(0, X_STREAM, 0, 1, 4)[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5, True, "1", None])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(InputError, match=r"seed must be (an integer|from 0 to 9223372036854775807); received"):
        make_normals(seed, X_STREAM, 0, 1, 1)


@pytest.mark.parametrize("row", [-1, 1.5, True, 2**129])
def test_a_bad_row_is_refused(row):
    with pytest.raises(InputError, match=r"first_row must be (an integer|from 0 to 3402823669209)"):
        make_normals(0, X_STREAM, row, 1, 1)


def test_small_integers_of_numpy_are_rows_as_others():
    assert np.array_equal(make_normals(0, X_STREAM, np.uint8(200), 2, 32), make_normals(0, X_STREAM, 200, 2, 32))


def test_the_largest_word_still_gives_a_value_below_one(monkeypatch):
    class Largest:
        def __init__(self, **_):
            pass

        def random_raw(self, size):
            return np.full(size, 2**64 - 1, np.uint64)

    monkeypatch.setattr(np.random, "Philox", Largest)
    assert make_uniforms(0, X_STREAM, 0, 1, 1) < 1
    assert np.isfinite(make_normals(0, X_STREAM, 0, 1, 1))
