from dataclasses import replace

import numpy as np
import pytest

from ld_data.health.variations_kept import measure_kept, share_kept
from ld_data.release.dataset import LatentDataset, Split
from ld_data.sources.source import Source
from ld_data.variations.stream import VariationRows
from tests.support.fakes import make_source

SIDE, ROWS = 4, 600


def make_parts(seed):
    """Digits of one bright pixel in the upper half, on grey of many brightnesses."""
    random = np.random.default_rng(seed)
    digit = np.zeros((ROWS, SIDE, SIDE), np.float32)
    digit[np.arange(ROWS), 0, random.integers(SIDE, size=ROWS)] = random.uniform(0.8, 1, ROWS)
    background = np.broadcast_to(random.uniform(0, 0.5, (ROWS, 1, 1)).astype(np.float32), digit.shape)
    labels = np.zeros(ROWS, np.uint8)
    return VariationRows(digit, labels, random.uniform(0, 2 * np.pi, ROWS).astype(np.float32), background)


def make_inputs(parts):
    return np.rint(255 * np.maximum(parts.x, parts.background)).astype(np.uint8)


@pytest.fixture
def varied():
    train, test = make_parts(0), make_parts(1)
    label = np.zeros(ROWS, np.uint8)
    inputs = make_inputs(train), label, make_inputs(test), label
    return Source("varied", *inputs, lambda seed: inputs[:2], "MIT", make_parts=lambda: (train, test))


def encode(source, read):
    """A dataset whose x is what `read` returns of the parts, standardised."""
    x = [read(parts).astype(np.float32) for parts in source.make_parts()]
    x = [(values - x[0].mean(axis=0)) / x[0].std(axis=0) for values in x]
    splits = (Split(values, values, np.zeros(ROWS, np.uint8)) for values in x)
    d = x[0].shape[1]
    return LatentDataset("varied", *splits, np.eye(d), np.zeros(d), np.eye(d))


def test_the_share_is_1_for_the_truth_0_for_the_mean_and_less_for_worse():
    targets = np.array([[1.0, 2.0], [3.0, 6.0]])
    mean = targets.mean(axis=0)
    assert share_kept(targets, targets, mean) == 1
    assert share_kept(targets, np.broadcast_to(mean, targets.shape), mean) == 0
    assert share_kept(targets, targets[::-1], mean) < 0


def test_a_latent_that_is_the_background_keeps_that_alone(varied):
    data = encode(varied, lambda parts: parts.background[:, 0, :2] + [0, 1e-3] * parts.angle[:, None])
    decoded = varied.make_parts()[1].background
    kept = measure_kept(data, varied, decoded)
    assert kept["background_pixels"] == pytest.approx(1, abs=1e-3)
    assert kept["background_linear"] == pytest.approx(1, abs=1e-3)
    assert kept["digit_pixels"] < 0
    assert kept["digit_linear"] == pytest.approx(0, abs=0.05)


def test_a_latent_that_is_the_angle_tells_the_angle_alone(varied):
    data = encode(varied, lambda parts: np.stack([np.cos(parts.angle), np.sin(parts.angle)], axis=1))
    kept = measure_kept(data, varied, np.zeros((ROWS, SIDE, SIDE)))
    assert kept["angle_linear"] == pytest.approx(1, abs=1e-3)
    assert kept["angle_mlp"] > 0.9
    assert kept["background_linear"] == pytest.approx(0, abs=0.05)


def test_principal_components_as_many_as_x_has_are_beside(varied):
    """Four places of the bright pixel and the grey: three and one components, and the pixel's own brightness."""
    few, many = (
        measure_kept(
            encode(varied, lambda parts, d=d: np.tile(parts.angle[:, None], d)), varied, np.zeros((ROWS, 4, 4))
        )
        for d in (1, 5)
    )
    assert many["background_pixels_pca"] == pytest.approx(1, abs=1e-3)
    assert many["digit_pixels_pca"] == pytest.approx(1, abs=1e-2)
    assert few["digit_pixels_pca"] < 0.5


def test_parts_that_a_source_does_not_vary_are_left_out(varied):
    train, test = varied.make_parts()
    data = encode(varied, lambda parts: parts.angle[:, None])
    decoded = np.zeros((ROWS, SIDE, SIDE))

    def measure(**changes):
        changed = tuple(replace(side, **changes) for side in (train, test))
        return measure_kept(data, replace(varied, make_parts=lambda: changed), decoded)

    assert set(measure(background=np.zeros_like(test.background))) == {"angle_linear", "angle_mlp"}
    assert not {"angle_linear", "angle_mlp"} & set(measure(angle=np.zeros_like(test.angle)))
    assert measure_kept(data, make_source(), decoded) == {}
