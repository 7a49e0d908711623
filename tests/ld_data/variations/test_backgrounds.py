import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from ld_data.errors import InputError
from ld_data.variations.backgrounds import (
    CorrelatedNoise,
    Patches,
    UniformNoise,
    check_pictures,
    make_textures,
    measure_variance,
)

SHAPE = (7, 9)
ROWS = 20_000


def find_distances():
    places = np.argwhere(np.ones(SHAPE))
    return np.linalg.norm(places[:, None] - places[None, :], axis=2)


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    flat, rough = np.full((20, 30), 0.5), random.uniform(size=(40, 25))
    return [np.hstack([flat, random.uniform(size=(20, 10))]), rough]


def make_all(pictures):
    return [
        UniformNoise(SHAPE),
        CorrelatedNoise(SHAPE, 0.6, 6),
        Patches(pictures, SHAPE, 0.01),
    ]


@pytest.mark.parametrize("kind", range(3))
def test_a_row_is_the_same_in_any_chunk_and_others_differ(pictures, kind):
    background = make_all(pictures)[kind]
    whole = background.make_rows(5, 0, 60)
    assert (whole.shape, whole.dtype) == ((60, *SHAPE), np.float32)
    assert 0 <= whole.min() < whole.max() <= 1
    for first, rows in ((0, 1), (17, 30), (59, 1)):
        assert np.array_equal(background.make_rows(5, first, rows), whole[first : first + rows])
    assert not np.array_equal(background.make_rows(6, 0, 60), whole)
    assert len(np.unique(whole.reshape(60, -1), axis=0)) > 40


@pytest.mark.parametrize("gamma", [0, 0.2, 0.4, 0.6, 0.8, 1])
def test_correlated_noise_has_the_covariance_of_its_formula(gamma):
    pixels = CorrelatedNoise(SHAPE, gamma, 6).make_rows(0, 0, ROWS).reshape(ROWS, -1)
    normals = ndtri(np.clip(pixels.astype(np.float64), 1e-7, 1 - 1e-7))
    expected = gamma * np.exp(-((find_distances() / 6) ** 2)) + (1 - gamma) * np.eye(pixels.shape[1])
    assert np.abs(np.cov(normals, rowvar=False) - expected).max() < 6 / np.sqrt(ROWS)


@pytest.mark.parametrize("noise", [UniformNoise(SHAPE), CorrelatedNoise(SHAPE, 0.4, 6), CorrelatedNoise(SHAPE, 1, 6)])
def test_every_pixel_of_noise_is_uniform(noise):
    pixels = noise.make_rows(1, 0, 4000)
    for row, column in ((0, 0), (3, 4), (6, 8)):
        assert stats.kstest(pixels[:, row, column], "uniform").pvalue > 0.001


def test_uniform_noise_is_uncorrelated():
    pixels = UniformNoise(SHAPE).make_rows(0, 0, ROWS).reshape(ROWS, -1)
    assert np.abs(np.corrcoef(pixels, rowvar=False) - np.eye(pixels.shape[1])).max() < 6 / np.sqrt(ROWS)


class TestPatches:
    def test_the_variance_of_every_patch_is_that_of_its_pixels(self, pictures):
        variance = measure_variance(pictures[1], SHAPE)
        assert variance.shape == (34, 17)
        for row, column in ((0, 0), (33, 16), (5, 11)):
            patch = pictures[1][row : row + 7, column : column + 9]
            assert variance[row, column] == pytest.approx(patch.var())

    def test_patches_with_little_texture_are_left_out(self, pictures):
        assert Patches(pictures, SHAPE, 0.0).count == 14 * 32 + 34 * 17
        patches = Patches(pictures, SHAPE, 0.06)
        drawn = patches.make_rows(0, 0, 3000)
        assert drawn.var(axis=(1, 2)).min() >= 0.06 - 1e-6
        assert patches.count == sum((measure_variance(picture, SHAPE) >= 0.06).sum() for picture in pictures)

    def test_every_patch_is_as_likely_as_any_other(self):
        """In a picture of different pixels, the first pixel of a patch shows its place."""
        picture = np.arange(12 * 12).reshape(12, 12) / 143
        patches = Patches([picture], SHAPE, 0.0)
        counts = np.bincount(np.rint(143 * patches.make_rows(2, 0, 12_000)[:, 0, 0]).astype(int), minlength=144)
        assert patches.count == (counts > 0).sum() == 24
        assert stats.chisquare(counts[counts > 0]).pvalue > 0.001

    def test_patches_are_parts_of_the_pictures(self, pictures):
        windows = np.lib.stride_tricks.sliding_window_view(pictures[1].astype(np.float32), SHAPE).reshape(-1, *SHAPE)
        for patch in Patches(pictures[1:], SHAPE, 0.0).make_rows(0, 0, 20):
            assert (windows == patch).all(axis=(1, 2)).any()

    def test_bytes_are_divided_by_255(self):
        picture = np.random.default_rng(0).integers(0, 256, (9, 9), np.uint8)
        assert np.array_equal(check_pictures([picture], SHAPE)[0], picture / np.float32(255))

    def test_pictures_without_texture_are_refused_with_their_greatest_variance(self, pictures):
        with pytest.raises(InputError, match=r"variance of 0\.3 or more; the greatest is 0\.1"):
            Patches(pictures, SHAPE, 0.3)

    @pytest.mark.parametrize(
        ("bad", "words"),
        [
            ([], "at least one"),
            ("file.png", "must be an array"),
            ([np.zeros((9, 9, 3))], "must be grey"),
            ([np.zeros((6, 9))], "7 by 9 pixels or larger"),
            ([np.full((9, 9), 255.0)], "uint8, or numbers in"),
            ([np.full((9, 9), np.nan)], "finite"),
            ([[["a"] * 9] * 9], "must be numbers"),
        ],
    )
    def test_bad_pictures_are_refused(self, bad, words):
        with pytest.raises(InputError, match=words):
            Patches(bad, SHAPE, 0.0)

    def test_too_many_pixels_are_refused(self, monkeypatch):
        monkeypatch.setattr("ld_data.variations.backgrounds.MAX_PICTURE_PIXELS", 100)
        with pytest.raises(InputError, match="100 pixels or fewer"):
            Patches(np.zeros((2, 9, 9)), SHAPE, 0.0)


class TestTextures:
    @pytest.mark.slow
    def test_a_picture_depends_on_its_seed_and_number_alone(self):
        textures = make_textures(3, 2)
        assert (textures.shape, textures.dtype) == ((2, 256, 256), np.uint8)
        assert np.array_equal(make_textures(3, 1)[0], textures[0])
        assert not np.array_equal(textures[0], textures[1])
        assert not np.array_equal(make_textures(4, 1)[0], textures[0])

    @pytest.mark.slow
    def test_nearly_all_patches_have_texture_but_not_all(self):
        """Edges and plain parts, as in photographs: the threshold leaves some patches out."""
        variance = np.concatenate(
            [measure_variance(picture / 255, (28, 28)).ravel() for picture in make_textures(0, 2)]
        )
        assert 0.8 < (variance >= 0.01).mean() < 1

    def test_neighbouring_pixels_are_alike_and_distant_ones_are_not(self):
        picture = make_textures(0, 1)[0] / 255.0
        near, far = (np.corrcoef(picture[:, :-gap].ravel(), picture[:, gap:].ravel())[0, 1] for gap in (1, 120))
        assert near > 0.7
        assert abs(far) < 0.3

    def test_they_are_read_only(self):
        with pytest.raises(ValueError, match="read-only"):
            make_textures(3, 1)[0, 0, 0] = 1
