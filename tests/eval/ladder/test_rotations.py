import numpy as np
import pytest
from scipy.linalg import expm

from eval.ladder.rotations import draw_turn, draw_twists, turn, twist, untwist
from ld_data.errors import InputError
from ld_data.health.gaussianity import measure_moments, measure_slices
from ld_data.noise import make_normals

ROWS = 20_000


@pytest.fixture(scope="module")
def normals():
    return make_normals(0, 1, 0, ROWS, 8)


def assert_normal(x, null):
    """Each measure of the health report is near that of other draws of N(0, I)."""
    moments, slices = measure_moments(x), measure_slices(x)
    assert moments["worst_mean"] < 4 / np.sqrt(ROWS)
    assert (moments["least_std"], moments["greatest_std"]) == pytest.approx((1, 1), abs=4 / np.sqrt(2 * ROWS))
    assert moments["worst_correlation"] < 4.5 / np.sqrt(ROWS)
    assert moments["worst_skew"] < 4 * np.sqrt(6 / ROWS)
    assert moments["worst_kurtosis"] < 5 * np.sqrt(24 / ROWS)
    for name, value in measure_slices(null).items():
        assert slices[name] < 2 * value


@pytest.mark.parametrize("count", [4, 16])
def test_twists_keep_standard_normals_by_the_tests_of_the_health_report(normals, count):
    assert_normal(twist(normals, draw_twists(8, count)), make_normals(1, 1, 0, ROWS, 8))


def test_the_tests_of_the_health_report_find_a_turn_by_an_angle_of_the_pair_itself(normals):
    """The angle of a twist must not depend on the pair: here (x_0, x_1) turns by |x_0|."""
    x = normals.copy()
    cosine, sine = np.cos(np.abs(x[:, 0])), np.sin(np.abs(x[:, 0]))
    x[:, 0], x[:, 1] = cosine * x[:, 0] - sine * x[:, 1], sine * x[:, 0] + cosine * x[:, 1]
    with pytest.raises(AssertionError):
        assert_normal(x, make_normals(1, 1, 0, ROWS, 8))


@pytest.mark.parametrize("latent_dim", [3, 4, 5, 32])
def test_the_inverse_is_exact(latent_dim):
    """Within rounding, which each round of twists makes larger; here with the most twists that there are."""
    x, twists = make_normals(0, 1, 0, 500, latent_dim), draw_twists(latent_dim, 4 * (latent_dim // 2))
    twisted = twist(x, twists)
    assert np.abs(twisted - x).max() > 1
    assert np.abs(untwist(twisted, twists) - x).max() < 1e-9
    assert np.abs(untwist(twisted.astype(np.float32), twists) - x).max() < 0.05
    assert (twisted.shape, twisted.flags.c_contiguous) == (x.shape, True)


def test_a_twist_turns_its_pair_by_the_third_component():
    x = np.array([[1.0, 2.0, np.pi / 2], [1.0, 2.0, 0.0]])
    assert twist(x, [(0, 1, 2)]) == pytest.approx(np.array([[-2, 1, np.pi / 2], [1, 2, 0]]))
    assert x[0].tolist() == [1, 2, np.pi / 2]


def test_twists_preserve_volume():
    """The determinant of the Jacobian, by central differences, is 1."""
    twists, point, step = draw_twists(5, 8), np.linspace(-1, 1, 5), 1e-5 * np.eye(5)
    jacobian = (twist(point + step, twists) - twist(point - step, twists)) / 2e-5
    assert np.linalg.det(jacobian) == pytest.approx(1)


def test_twists_follow_from_the_seed_and_fewer_are_the_first_of_more():
    twists = draw_twists(8, 12, seed=3)
    assert draw_twists(8, 5, seed=3) == twists[:5]
    assert draw_twists(8, 12, seed=4) != twists
    assert all(len(set(places)) == 3 for places in twists)
    for start in range(0, 12, 4):  # a round turns every component once
        assert sorted(place for i, j, _ in twists[start : start + 4] for place in (i, j)) == list(range(8))


@pytest.mark.parametrize(
    ("latent_dim", "count", "seed", "words"),
    [
        (2, 1, 0, "a twist needs 3 components of x: a pair, and one for the angle; received 2"),
        (8, -1, 0, "the number of twists, for 8 components of x, must be from 0 to 16; received -1"),
        (8, 17, 0, "must be from 0 to 16; received 17"),
        (8, 1, -1, "seed must be"),
    ],
)
def test_twists_that_do_not_exist_are_refused(latent_dim, count, seed, words):
    with pytest.raises(InputError, match=words):
        draw_twists(latent_dim, count, seed)


@pytest.mark.parametrize("latent_dim", [2, 3, 8])
def test_a_turn_is_a_path_of_rotations_from_a_skew_symmetric_matrix(latent_dim):
    generator, unit = draw_turn(latent_dim), np.eye(latent_dim)
    assert generator == pytest.approx(-generator.T)
    rotation = turn(unit, generator, 0.7)
    assert rotation == pytest.approx(expm(0.7 * generator))
    assert rotation @ rotation.T == pytest.approx(unit)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert turn(rotation, generator, 2 * np.pi - 0.7) == pytest.approx(unit)


def test_rows_turn_by_their_own_angles_and_stay_standard_normal(normals):
    angles = np.linspace(0, np.pi / 2, ROWS)
    turned = turn(normals, draw_turn(8), angles)
    cosines = (turned * normals).sum(axis=1) / np.square(normals).sum(axis=1)
    assert cosines == pytest.approx(np.cos(angles))
    assert_normal(turned, make_normals(1, 1, 0, ROWS, 8))


def test_the_path_of_a_turn_follows_from_the_seed():
    assert np.array_equal(draw_turn(5, 1), draw_turn(5, 1))
    assert not np.allclose(draw_turn(5, 1), draw_turn(5, 2))
