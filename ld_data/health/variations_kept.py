"""The information of x about varied digits: the digit, its background and its angle, each as a share of its variance.

A share is 1 - the squared error over that of the training mean: 1 is everything, 0 is as good as the mean, and negative
values are possible.
"""

import numpy as np
from sklearn.neural_network import MLPRegressor

from ld_data.health.two_sample import fit, stop_early
from ld_data.release.dataset import LatentDataset
from ld_data.release.report import Measures
from ld_data.sources.source import Source
from ld_data.typing import Array
from ld_data.variations.stream import VariationRows

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
