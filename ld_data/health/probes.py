"""The information of x about its input: the errors of decoded inputs, and the class that probes read off x."""

from collections.abc import Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from ld_data.health.two_sample import fit, stop_early
from ld_data.protocols import Judge, LatentCodec
from ld_data.release.dataset import LatentDataset
from ld_data.sources.source import Source
from ld_data.typing import Array, Floats


def decode_test_inputs(data: LatentDataset, source: Source, codec: LatentCodec) -> dict[str, Array]:
    """Return decoded test inputs: `samples` of the published x, and `means` of x encoded in the mode "mean"."""
    means = codec.x.encode(source.inputs_test, mode="mean")
    return {"samples": codec.x.decode(data.test.x), "means": codec.x.decode(means)}


def measure_errors(source: Source, decoded: Mapping[str, Array]) -> dict[str, float]:
    """Return the mean squared error of decoded test inputs, as mse_<name>, per pixel in [0, 1] or signal point."""
    originals = to_unit_scale(source.inputs_test)
    return {f"mse_{name}": float(np.square(inputs - originals).mean()) for name, inputs in decoded.items()}


def read_decoded(judge: Judge, source: Source, decoded: Mapping[str, Array]) -> dict[str, float]:
    """Return the shares of test inputs whose class a judge reads right, as they are and after encoding and decoding.

    `judge_originals`; `judge_<name>` of decoded inputs; and `judge_loss_<name>`, the share lost by decoding.
    """
    inputs = {"originals": to_unit_scale(source.inputs_test), **decoded}
    shares = {name: float((judge.classify(rows) == source.label_test).mean()) for name, rows in inputs.items()}
    losses = {f"judge_loss_{name}": shares["originals"] - shares[name] for name in decoded}
    return {f"judge_{name}": share for name, share in shares.items()} | losses


def to_unit_scale(inputs: Array) -> Floats:
    """Return inputs as float32, uint8 pixels divided by 255."""
    values = inputs.astype(np.float32)
    return values / np.float32(255) if inputs.dtype == np.uint8 else values


def measure_probes(data: LatentDataset, seed: int = 0) -> dict[str, float]:
    """Return the test accuracy of classifiers of x, fitted to the training x: linear_probe and mlp_probe.

    They are a logistic regression, and a multilayer perceptron that stops when its accuracy on a held-out tenth no
    longer rises.
    """
    perceptron = MLPClassifier((512, 512), **stop_early(len(data.train), 4, seed))
    probes = {"linear_probe": LogisticRegression(max_iter=500), "mlp_probe": perceptron}
    return {
        name: float(np.mean(fit(probe, data.train.x, data.train.label).predict(data.test.x) == data.test.label))
        for name, probe in probes.items()
    }
