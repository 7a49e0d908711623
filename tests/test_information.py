import numpy as np
import pytest

from eval.information import measure_errors, measure_probes, to_unit_scale
from ld_data.dataset import LatentDataset, Split
from tests.fakes import FakeCodec, FakeX, make_source


class Mirror(FakeX):
    """A codec that keeps inputs as they are, but for noise added to samples."""

    def encode(self, inputs, mode="sample", seed=0, first_row=0):
        noise = np.random.default_rng(seed).normal(0, 0.2, inputs.shape) if mode == "sample" else 0
        return (inputs + noise).astype(np.float32)

    def decode(self, latents):
        return latents


def test_errors_are_the_mean_squared_distance_from_the_originals():
    errors = measure_errors(make_source(10, 5000), FakeCodec(x=Mirror()))
    assert errors == pytest.approx({"mse_samples": 0.04, "mse_means": 0.0}, rel=0.1)


def test_probes_read_what_is_linear_and_what_is_not():
    """Four corners, of which the opposite ones are of one class: a line reads half of them."""
    random = np.random.default_rng(0)
    x = random.normal(size=(6000, 2)).astype(np.float32)
    label = (x[:, 0] * x[:, 1] > 0).astype(np.uint8)
    splits = (Split(x[rows], x[rows], label[rows]) for rows in (slice(4000), slice(4000, 6000)))
    data = LatentDataset("corners", *splits, np.eye(2), np.zeros(2), np.eye(2))
    probes = measure_probes(data)
    assert probes["linear_probe"] == pytest.approx(0.5, abs=0.06)
    assert probes["mlp_probe"] > 0.95


def test_bytes_are_scaled_and_floats_are_not():
    assert to_unit_scale(np.array([0, 255], np.uint8)).tolist() == [0.0, 1.0]
    assert to_unit_scale(np.array([0.0, 2.0])).tolist() == [0.0, 2.0]
