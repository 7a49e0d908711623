import io

import numpy as np
import pytest
from PIL import Image

from api.messages.pictures import BACKGROUND, GAP, INK, TILE, draw_sheet, quantize


def read_png(content, mode="L"):
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.mode) == ("PNG", mode)
        return np.asarray(image)


def test_pixels_are_rounded_to_the_nearest_of_8_bits():
    exact = np.arange(256, dtype=np.uint8)
    assert np.array_equal(quantize(exact.astype(np.float32) / np.float32(255)), exact)
    pixels = np.array([-1, 0.4 / 255, 0.6 / 255, 254.6 / 255, 2], np.float32)
    assert quantize(pixels).tolist() == [0, 0, 1, 255, 255]


def test_a_sheet_of_images_holds_each_pixel_from_left_to_right_in_lines():
    images = np.arange(5 * 28 * 28, dtype=np.float32).reshape(5, 28, 28) / (5 * 28 * 28)
    sheet = read_png(draw_sheet(images))
    step = 56 + GAP
    assert sheet.shape == (2 * step - GAP, 3 * step - GAP)
    for number, (line, column) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]):
        picture = sheet[line * step : line * step + 56, column * step : column * step + 56]
        for shift in (0, 1):
            assert np.array_equal(picture[shift::2, shift::2], quantize(images[number]))
    assert (sheet[step:, 2 * step :] == BACKGROUND).all()
    assert (sheet[56:step] == BACKGROUND).all()


def test_a_sheet_of_colours_is_in_colour():
    images = np.random.default_rng(0).uniform(size=(3, 28, 20, 3)).astype(np.float32)
    sheet = read_png(draw_sheet(images), "RGB")
    assert sheet.shape == (2 * 56 + GAP, 2 * 40 + GAP, 3)
    assert np.array_equal(sheet[:56:2, 40 + GAP :: 2], quantize(images[1]))
    assert (sheet[56 + GAP :, 40:] == BACKGROUND).all()


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 100, 30), (400, 2, 2)])
def test_a_sheet_is_drawn_for_images_of_any_size_and_number(shape):
    assert read_png(draw_sheet(np.ones(shape, np.float32))).max() == 255


def test_a_sheet_of_signals_plots_them_on_one_scale():
    rising = np.linspace(-1, 1, 40, dtype=np.float32)
    sheet = read_png(draw_sheet(np.stack([rising, rising / 2])))
    whole, half = sheet[:, :80], sheet[:, 80 + GAP :]
    assert whole.shape == half.shape == (TILE, 80)
    assert whole[-1, 0] == whole[0, -1] == INK
    assert (whole == INK).any(axis=0).all()
    assert set(np.flatnonzero((half == INK).any(axis=1))) == set(range(13, 42))


def test_constant_signals_are_drawn():
    assert (read_png(draw_sheet(np.zeros((1, 40), np.float32))) == INK).sum() == 80
