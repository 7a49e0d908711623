"""The information of x about its input: errors of decoded inputs, the class that probes read off x, and shares kept.

A share kept is 1 - the squared error over that of the training mean: 1 is everything, 0 is as good as the mean, and
negative values are possible.
"""

from collections.abc import Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ld_data.health.two_sample import fit, stop_early
from ld_data.protocols import Judge, LatentCodec
from ld_data.release.dataset import LatentDataset
from ld_data.release.report import Measures
from ld_data.sources.source import Source
from ld_data.typing import Array, Floats
from ld_data.variations.stream import VariationRows


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


INK = 0.5  # a pixel shows the digit if it is this bright and brighter than the background


def measure_kept(data: LatentDataset, source: Source, decoded: Array) -> Measures:
    """Return the shares kept of test inputs, `decoded` `(n, h, w)` from the published x; empty without parts.

    digit_pixels and background_pixels: of the pixels that show the digit or the background, in decoded samples; with
    _pca: in the reconstruction by d principal components. digit_linear, background_linear: of the digit alone and of
    the background alone, read off sampled x by least squares. angle_linear, angle_mlp: of the angle's cosine and sine,
    by least squares and by a multilayer perceptron. Parts that a source does not vary are left out.
    """
    if source.make_parts is None:
        return {}
    train, test = source.make_parts()
    measures: Measures = {}
    if test.background.any():
        measures |= _measure_pixels(data.latent_dim, source, test, decoded)
        for name, field in (("digit", "x"), ("background", "background")):
            parts = (getattr(side, field).reshape(len(side.angle), -1) for side in (train, test))
            measures[f"{name}_linear"] = _read_linearly(data, *parts)
    if test.angle.any():
        directions = (np.stack([np.cos(side.angle), np.sin(side.angle)], axis=1) for side in (train, test))
        measures |= _read_angles(data, *directions)
    return measures


def share_kept(targets: Array, answers: Array, mean: Array) -> float:
    """Return 1 - the squared error of answers over that of a mean, which broadcasts to the targets."""
    return float(1 - np.square(targets - answers).sum() / np.square(targets - mean).sum())


def _measure_pixels(latent_dim: int, source: Source, test: VariationRows, decoded: Array) -> Measures:
    originals, mean, compressed = _compress(source, latent_dim)
    ink = (test.x >= INK) & (test.x > test.background)
    means = np.broadcast_to(mean, originals.shape)
    return {
        f"{name}_pixels{suffix}": share_kept(originals[shown], answers[shown], means[shown])
        for suffix, answers in (("", decoded), ("_pca", compressed))
        for name, shown in (("digit", ink), ("background", test.x == 0))
    }


def _compress(source: Source, components: int) -> tuple[Array, Array, Array]:
    """Return test images in [0, 1], the mean training image, and the test images by their principal components."""
    train, test = (
        images.reshape(len(images), -1) / np.float32(255) for images in (source.inputs_train, source.inputs_test)
    )
    mean = train.mean(axis=0)
    vectors = np.linalg.eigh(np.cov(train, rowvar=False))[1][:, -components:].astype(np.float32)
    compressed = mean + (test - mean) @ vectors @ vectors.T
    shape = source.inputs_test.shape
    return test.reshape(shape), mean.reshape(shape[1:]), compressed.reshape(shape)


def _read_linearly(data: LatentDataset, train: Array, test: Array) -> float:
    mean = train.mean(axis=0)
    weight = np.linalg.lstsq(data.train.x, train - mean, rcond=None)[0]  # the mean of x is 0
    return share_kept(test, mean + data.test.x @ weight, mean)


def _read_angles(data: LatentDataset, train: Array, test: Array) -> Measures:
    perceptron = MLPRegressor(hidden_layer_sizes=(256, 256), **stop_early(len(train), 4, 0))
    answers = fit(perceptron, data.train.x, train).predict(data.test.x)
    return {
        "angle_linear": _read_linearly(data, train, test),
        "angle_mlp": share_kept(test, answers, train.mean(axis=0)),
    }
