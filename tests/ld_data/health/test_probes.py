import numpy as np
import pytest

from ld_data.health.probes import decode_test_inputs, measure_errors, measure_probes, to_unit_scale
from ld_data.release.dataset import LatentDataset, Split
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source


@pytest.mark.parametrize("seed", [0, 7])
def test_the_published_rows_are_decoded_and_compared_with_the_originals(seed):
    """The fake codec adds unit noise to samples, and none to means."""
    source = make_source(10, 5000)
    data = make_dataset(source, FakeCodec(), "fake", seed)
    decoded = decode_test_inputs(data, source, FakeCodec())
    assert np.array_equal(decoded["samples"].reshape(-1, 4), data.test.x)
    assert measure_errors(source, decoded) == pytest.approx({"mse_samples": 1.0, "mse_means": 0.0}, abs=0.05)


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
