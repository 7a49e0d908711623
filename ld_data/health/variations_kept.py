"""What x keeps of varied digits: of the digit, of its background, and of the angle, each as a share of its variance.

A share is 1 - the squared error over that of the training mean: 1 is everything, 0 what is known without looking, and
less is possible.
"""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from ld_data.release.dataset import LatentDataset
from ld_data.release.report import Measures
from ld_data.sources.source import Source
from ld_data.variations.stream import VariationParts

INK = 0.5  # of a digit's pixels: as bright as that, and brighter than what is behind, they are the digit


def measure_kept(data: LatentDataset, source: Source, decoded: np.ndarray) -> Measures:
    """Return what is kept of test inputs, `decoded` `(n, h, w)` of the published x; nothing of a source without parts.

    digit_pixels and background_pixels: of the pixels where the one or the other shows, in decoded samples;
    the same with _pca: in what as many principal components as x has give back. digit_linear, background_linear: of the
    digit alone and of the background alone, read off sampled x by least squares; angle_linear and angle_mlp: of its
    cosine and sine, by least squares and by a multilayer perceptron. What a source does not vary is left out.
    """
    if source.make_parts is None:
        return {}
    train, test = source.make_parts()
    measures: Measures = {}
    if test.background.any():
        measures |= _measure_pixels(data.latent_dim, source, test, decoded)
        for name in ("digit", "background"):
            parts = (getattr(side, name).reshape(len(side.angle), -1) for side in (train, test))
            measures[f"{name}_linear"] = _read_linearly(data, *parts)
    if test.angle.any():
        directions = (np.stack([np.cos(side.angle), np.sin(side.angle)], axis=1) for side in (train, test))
        measures |= _read_angles(data, *directions)
    return measures


def share_kept(targets: np.ndarray, answers: np.ndarray, mean: np.ndarray) -> float:
    """Return 1 - the squared error of answers over that of a mean, which broadcasts to the targets."""
    return float(1 - np.square(targets - answers).sum() / np.square(targets - mean).sum())


def _measure_pixels(latent_dim: int, source: Source, test: VariationParts, decoded: np.ndarray) -> Measures:
    originals, mean, compressed = _compress(source, latent_dim)
    ink = (test.digit >= INK) & (test.digit > test.background)
    means = np.broadcast_to(mean, originals.shape)
    return {
        f"{name}_pixels{suffix}": share_kept(originals[shown], answers[shown], means[shown])
        for suffix, answers in (("", decoded), ("_pca", compressed))
        for name, shown in (("digit", ink), ("background", test.digit == 0))
    }


def _compress(source: Source, components: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return test images in [0, 1], the mean training image, and the test images by their principal components."""
    train, test = (
        images.reshape(len(images), -1) / np.float32(255) for images in (source.inputs_train, source.inputs_test)
    )
    mean = train.mean(axis=0)
    vectors = np.linalg.eigh(np.cov(train, rowvar=False))[1][:, -components:].astype(np.float32)
    compressed = mean + (test - mean) @ vectors @ vectors.T
    shape = source.inputs_test.shape
    return test.reshape(shape), mean.reshape(shape[1:]), compressed.reshape(shape)


def _read_linearly(data: LatentDataset, train: np.ndarray, test: np.ndarray) -> float:
    mean = train.mean(axis=0)
    weight = np.linalg.lstsq(data.train.x, train - mean, rcond=None)[0]  # x has no mean of its own
    return share_kept(test, mean + data.test.x @ weight, mean)


def _read_angles(data: LatentDataset, train: np.ndarray, test: np.ndarray) -> Measures:
    perceptron = MLPRegressor(
        hidden_layer_sizes=(256, 256),
        batch_size=min(256, len(train) // 2),
        early_stopping=True,
        n_iter_no_change=4,
        max_iter=40,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the limit of iterations belongs to the probe
        answers = perceptron.fit(data.train.x, train).predict(data.test.x)
    return {
        "angle_linear": _read_linearly(data, train, test),
        "angle_mlp": share_kept(test, answers, train.mean(axis=0)),
    }
