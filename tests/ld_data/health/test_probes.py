from dataclasses import replace

import numpy as np
import pytest

from ld_data.health.probes import (
    decode_test_inputs,
    measure_errors,
    measure_kept,
    measure_probes,
    share_kept,
    to_unit_scale,
)
from ld_data.health.two_sample import stop_early
from ld_data.release.dataset import LatentDataset, Split
from ld_data.release.writer import make_dataset
from ld_data.sources.source import Source
from ld_data.variations.stream import VariationRows
from tests.support.fakes import FakeCodec, make_source


@pytest.mark.parametrize("seed", [0, 7])
def test_the_published_rows_are_decoded_and_compared_with_the_originals(seed):
    """The fake codec adds unit noise to samples, and none to means."""
    source = make_source(10, 5000)
    data = make_dataset(source, FakeCodec(), "fake", seed)
    decoded = decode_test_inputs(data, source, FakeCodec())
    assert np.array_equal(decoded["samples"].reshape(-1, 4), data.test.x)
    assert measure_errors(source, decoded) == pytest.approx({"mse_samples": 1.0, "mse_means": 0.0}, abs=0.05)


@pytest.mark.slow
def test_probes_read_what_is_linear_and_what_is_not():
    """Four corners, of which the opposite ones are of one class: a line reads little more than half of them."""
    random = np.random.default_rng(0)
    x = random.normal(size=(6000, 2)).astype(np.float32)
    label = (x[:, 0] * x[:, 1] > 0).astype(np.uint8)
    splits = (Split(x[rows], x[rows], label[rows]) for rows in (slice(4000), slice(4000, 6000)))
    data = LatentDataset("corners", *splits, np.eye(2), np.zeros(2), np.eye(2))
    probes = measure_probes(data)
    assert probes["linear_probe"] < 0.65
    assert probes["mlp_probe"] > 0.95


def test_bytes_are_scaled_and_floats_are_not():
    assert to_unit_scale(np.array([0, 255], np.uint8)).tolist() == [0.0, 1.0]
    assert to_unit_scale(np.array([0.0, 2.0])).tolist() == [0.0, 2.0]


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


@pytest.fixture
def _hasty_perceptrons(monkeypatch):
    """Let perceptrons learn for one pass: tests look at the linear probes alone."""
    monkeypatch.setattr("ld_data.health.probes.stop_early", lambda *given: stop_early(*given) | {"max_iter": 1})


@pytest.mark.slow
@pytest.mark.usefixtures("_hasty_perceptrons")
def test_a_latent_that_is_the_background_keeps_that_alone(varied):
    data = encode(varied, lambda parts: parts.background[:, 0, :2] + [0, 1e-3] * parts.angle[:, None])
    decoded = varied.make_parts()[1].background
    kept = measure_kept(data, varied, decoded)
    assert kept["background_pixels"] == pytest.approx(1, abs=1e-3)
    assert kept["background_linear"] == pytest.approx(1, abs=1e-3)
    assert kept["digit_pixels"] < 0
    assert kept["digit_linear"] == pytest.approx(0, abs=0.05)


@pytest.mark.slow
def test_a_latent_that_is_the_angle_tells_the_angle_alone(varied):
    data = encode(varied, lambda parts: np.stack([np.cos(parts.angle), np.sin(parts.angle)], axis=1))
    kept = measure_kept(data, varied, np.zeros((ROWS, SIDE, SIDE)))
    assert kept["angle_linear"] == pytest.approx(1, abs=1e-3)
    assert kept["angle_mlp"] > 0.9
    assert kept["background_linear"] == pytest.approx(0, abs=0.05)


@pytest.mark.slow
@pytest.mark.usefixtures("_hasty_perceptrons")
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


@pytest.mark.slow
@pytest.mark.usefixtures("_hasty_perceptrons")
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
