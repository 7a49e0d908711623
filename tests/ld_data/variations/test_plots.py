import numpy as np
import pytest

from ld_data.variations.plots import draw_variations, trace_steps
from ld_data.variations.stream import PRESETS


@pytest.fixture
def digits():
    return np.random.default_rng(0).uniform(size=(10, 28, 28)), np.arange(10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("mnist-rot-like", ["digit", "rotated"]),
        ("mnist-back-rand-like", ["digit", "background", "maximum", "cover", "replace"]),
        (
            "mnist-rot-back-image-like",
            ["digit", "rotated", "background", "maximum", "cover", "replace", "background first"],
        ),
    ],
)
def test_every_step_is_shown_of_the_same_digits(digits, name, steps):
    traced = dict(trace_steps(PRESETS[name], *digits))
    assert list(traced) == steps
    np.testing.assert_allclose(traced["digit"], np.concatenate([digits[0]] * 2), rtol=0, atol=1e-6)
    if "background" in traced:
        drawn = traced.get("rotated", traced["digit"])
        np.testing.assert_allclose(traced["maximum"], np.maximum(drawn, traced["background"]), rtol=0, atol=1e-6)


def test_a_sheet_shows_twenty_images_in_each_of_eight_rows(digits):
    figures = dict(draw_variations(PRESETS["mnist-back-rand-like"], *digits))
    assert list(figures) == ["images", "steps"]
    (axes,) = figures["images"].axes
    assert axes.images[0].get_array().shape == (8 * 28, 20 * 28)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["01234567890123456789"] * 8
