import numpy as np
import pytest

from eval.judges import read_codec, to_unit_scale, train_judge
from ld_data.source import Source
from tests.fakes import FakeCodec, FakeX


def make_stripes(n, shape, seed):
    """Inputs with one bright part, which is their class."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, n).astype(np.uint8)
    inputs = random.normal(0, 0.1, (n, *shape)).astype(np.float32)
    width = shape[-1] // 3
    for row, label in enumerate(labels):
        inputs[row, ..., label * width : (label + 1) * width] += 1
    return inputs, labels


@pytest.fixture(params=[(9, 9), (12,)], ids=["images", "signals"])
def source(request):
    train, test = make_stripes(600, request.param, 0), make_stripes(200, request.param, 1)
    return Source("stripes", *train, *test, lambda seed: train[0], "Apache-2.0")


class Mirror(FakeX):
    """A codec that keeps inputs as they are, but for noise added to samples."""

    def encode(self, inputs, mode="sample", seed=0, first_row=0):
        noise = np.random.default_rng(seed).normal(0, 0.2, inputs.shape) if mode == "sample" else 0
        return (inputs + noise).astype(np.float32)

    def decode(self, latents):
        return latents


def test_a_judge_reads_what_it_was_trained_on_and_its_reading_is_reproducible(source):
    codec = FakeCodec(x=Mirror())
    reading = read_codec(train_judge(source, epochs=40), source, codec)
    assert reading.originals > 0.97
    assert reading.decoded_means == reading.originals
    assert reading.mse_means == 0
    assert reading.mse_samples == pytest.approx(0.04, rel=0.1)
    assert read_codec(train_judge(source, epochs=40), source, codec) == reading


def test_bytes_are_scaled_and_floats_are_not():
    assert to_unit_scale(np.array([0, 255], np.uint8)).tolist() == [0.0, 1.0]
    assert to_unit_scale(np.array([0.0, 2.0])).tolist() == [0.0, 2.0]
