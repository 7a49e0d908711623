from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ld_data.errors import InputError
from ld_data.noise import MAX_SEED
from ld_data.variations.backgrounds import measure_variance
from ld_data.variations.rotation import rotate_images
from ld_data.variations.stream import PRESETS, VariationConfig, VariationStream, blend_images, to_bytes


@pytest.fixture(scope="module")
def digits():
    """Thirteen strokes from the middle to the right, on an image of 28 by 28, and classes."""
    images = np.zeros((13, 28, 28), np.uint8)
    images[:, 12:16, 14:26] = np.linspace(120, 255, 13, dtype=np.uint8)[:, None, None]
    return images, np.arange(13) % 10


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).uniform(size=(3, 60, 60))


def make_stream(digits, pictures, name="mnist-rot-back-image-like", **changes):
    config = replace(PRESETS[name], **changes)
    return VariationStream(config, *digits, pictures if config.background == "patches" else None)


@pytest.mark.parametrize("name", PRESETS)
def test_a_row_depends_on_its_seed_and_number_alone(digits, pictures, name, monkeypatch):
    whole = make_stream(digits, pictures, name).make_rows(0, 300)
    monkeypatch.setattr("ld_data.variations.stream.CHUNK_ROWS", 7)
    for first, rows in ((0, 1), (130, 40), (299, 1)):
        part = make_stream(digits, pictures, name).make_rows(first, rows)
        for field, values in vars(part).items():
            assert np.array_equal(values, getattr(whole, field)[first : first + rows]), field
    assert not np.array_equal(make_stream(digits, pictures, name, seed=1).make_rows(0, 300).x, whole.x)


@pytest.mark.parametrize("name", PRESETS)
def test_parts_make_up_the_whole(digits, pictures, name, monkeypatch):
    stream = make_stream(digits, pictures, name)
    whole = stream.make_rows(220, 50)
    monkeypatch.setattr("ld_data.variations.stream.PART_ROWS", 8)
    parts = list(stream.iterate(50, np.uint8(220)))
    assert [len(part.y) for part in parts] == [8] * 6 + [2]
    for field, values in vars(whole).items():
        assert np.array_equal(np.concatenate([getattr(part, field) for part in parts]), values)


def test_rows_repeat_the_digits_without_end(digits, pictures):
    rows = make_stream(digits, pictures, "mnist-back-rand-like").make_rows(10**9, 40)
    assert rows.y.tolist() == [(10**9 + row) % 13 % 10 for row in range(40)]
    assert rows.x.dtype == np.float32


def test_angles_are_uniform_over_the_circle(digits, pictures):
    angles = make_stream(digits, pictures).make_rows(0, 5000).angle
    assert stats.kstest(angles, "uniform", args=(0, 2 * np.pi)).pvalue > 0.001
    assert abs(np.corrcoef(angles[1:], angles[:-1])[0, 1]) < 0.06


def test_digits_are_turned_by_their_angles(digits):
    """The stroke's centre of mass lies in the direction of its angle; rows count downwards."""
    rows = VariationStream(VariationConfig(), *digits).make_rows(0, 500)
    y, x = (axis - 13.5 for axis in np.mgrid[:28, :28])
    found = np.arctan2(-(rows.x * y).sum(axis=(1, 2)), (rows.x * x).sum(axis=(1, 2)))
    error = np.angle(np.exp(1j * (found - rows.angle)))
    assert np.abs(error).max() < 0.02


def test_angles_and_backgrounds_explain_the_images(digits, pictures):
    stream = make_stream(digits, pictures)
    rows = stream.make_rows(0, 30)
    upright = digits[0][np.arange(30) % 13] / np.float32(255)
    turned = rotate_images(upright, rows.angle.astype(np.float64))
    np.testing.assert_allclose(rows.x, np.maximum(turned, rows.background), rtol=0, atol=1e-5)
    plain = make_stream(digits, pictures, "mnist-rot-like").make_rows(0, 30)
    assert np.array_equal(plain.angle, rows.angle)
    assert not plain.background.any()
    still = make_stream(digits, pictures, rotate=False).make_rows(0, 30)
    assert not still.angle.any()
    assert np.array_equal(still.x, np.maximum(upright, still.background))


def test_patches_have_the_least_variance(digits, pictures):
    backgrounds = make_stream(digits, pictures, least_variance=0.083).make_rows(0, 2000).background
    assert backgrounds.var(axis=(1, 2)).min() >= 0.083 - 1e-6
    assert min(measure_variance(picture, (28, 28)).min() for picture in pictures) < 0.083


@pytest.mark.parametrize(
    ("blend", "expected"),
    [("maximum", [0.5, 0.5, 0.9]), ("cover", [0.5, 0.7, 0.95]), ("replace", [0.5, 0.5, 0.9])],
)
def test_blends(blend, expected):
    digit, background = np.float32([[[0, 0.4, 0.9]]]), np.full((1, 1, 3), 0.5, np.float32)
    config = VariationConfig(blend=blend, ink_threshold=0.4)
    assert blend_images(digit, background, config)[0, 0] == pytest.approx(expected)


def test_replaced_pixels_are_those_with_ink():
    digit, background = np.float32([[[0, 0.1, 0.9]]]), np.full((1, 1, 3), 0.5, np.float32)
    assert blend_images(digit, background, VariationConfig(blend="replace"))[0, 0] == pytest.approx([0.5, 0.1, 0.9])


def test_the_order_decides_whether_the_background_turns_too(digits, pictures):
    first = make_stream(digits, pictures, order="background-first").make_rows(0, 20)
    upright = digits[0][np.arange(20) % 13] / np.float32(255)
    whole = rotate_images(np.maximum(upright, first.background), first.angle.astype(np.float64))
    np.testing.assert_allclose(first.x, whole, rtol=0, atol=1e-5)


def test_gamma_leads_from_rough_to_smooth(digits, pictures):
    roughness = [
        np.abs(np.diff(make_stream(digits, pictures, "mnist-back-noise-like", gamma=gamma).make_rows(0, 50).background))
        .mean()
        .item()
        for gamma in (0, 0.2, 0.4, 0.6, 0.8, 1)
    ]
    assert roughness == sorted(roughness, reverse=True)


def test_bytes_are_the_nearest_greys():
    assert to_bytes(np.float32([0, 0.0019, 0.002, 0.5, 1])).tolist() == [0, 0, 1, 128, 255]


def test_names_say_that_they_are_not_the_published_sets():
    assert all(name.endswith("-like") for name in PRESETS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"background": "noise"}, "background must be none, uniform, correlated, patches; received 'noise'"),
        ({"blend": "add"}, "blend must be maximum, cover, replace"),
        ({"order": "none"}, "order must be rotate-first, background-first"),
        ({"rotate": 1}, "rotate must be true or false"),
        ({"gamma": 1.1}, "gamma must be from 0 to 1|gamma must be a number from 0 to 1"),
        ({"gamma": "1"}, "gamma must be a number"),
        ({"kernel_width": 0}, "greater than 0"),
        ({"least_variance": -0.1}, "least_variance must be"),
        ({"ink_threshold": float("nan")}, "ink_threshold must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": MAX_SEED + 1}, "seed must be"),
    ],
)
def test_arguments_out_of_range_are_refused(changes, words):
    with pytest.raises(InputError, match=words):
        VariationConfig(**changes)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (np.zeros((3, 784)), [0, 1, 2], "must have shape"),
        (np.zeros((0, 4, 4)), [], "none of them 0|must be numbers"),
        (np.zeros((3, 4, 4)), [0, 1], r"received \(3, 4, 4\) and \(2,\)"),
        (np.full((1, 4, 4), 255.0), [0], "uint8, or numbers in"),
        (np.full((1, 4, 4), np.nan), [0], "finite"),
        (np.zeros((1, 4, 4)), [0.5], "labels must be integers"),
        (np.zeros((1, 4, 4)), [256], "labels must lie from 0 to 255"),
    ],
)
def test_bad_digits_are_refused(images, labels, words):
    with pytest.raises(InputError, match=words):
        VariationStream(VariationConfig(), images, labels)


def test_pictures_without_patches_are_refused(digits, pictures):
    with pytest.raises(InputError, match="received them for none"):
        VariationStream(VariationConfig(), *digits, pictures)


@pytest.mark.parametrize(("first_row", "rows"), [(-1, 1), (0, -1), (0.5, 1), (0, 2**60)])
def test_bad_row_numbers_are_refused(digits, first_row, rows):
    with pytest.raises(InputError, match="row"):
        VariationStream(VariationConfig(), *digits).make_rows(first_row, rows)


def test_no_rows_are_no_images(digits):
    assert VariationStream(VariationConfig(), *digits).make_rows(5, 0).x.shape == (0, 28, 28)
