"""What x keeps of the input: how far decoded inputs lie from it, and how much of the class can be read off x."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from ld_data.codec import LatentCodec
from ld_data.dataset import LatentDataset
from ld_data.source import Source


def measure_errors(source: Source, codec: LatentCodec, seed: int = 0) -> dict[str, float]:
    """Return the mean squared error of decoded test inputs per pixel or point.

    mse_samples from sampled x, mse_means from mean x. Pixels are in [0, 1].
    """
    originals = to_unit_scale(source.x_test)
    samples, means = decode_test_inputs(source, codec, seed)
    return {
        "mse_samples": float(np.square(samples - originals).mean()),
        "mse_means": float(np.square(means - originals).mean()),
    }


def decode_test_inputs(source: Source, codec: LatentCodec, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the test inputs encoded and decoded: from sampled x, and from mean x."""
    samples = codec.x.encode(source.x_test, mode="sample", seed=seed, first_row=len(source.x_train))
    return codec.x.decode(samples), codec.x.decode(codec.x.encode(source.x_test, mode="mean"))


def to_unit_scale(inputs: np.ndarray) -> np.ndarray:
    """Return inputs as float32, uint8 pixels divided by 255."""
    values = inputs.astype(np.float32)
    return values / np.float32(255) if inputs.dtype == np.uint8 else values


def measure_probes(data: LatentDataset, seed: int = 0) -> dict[str, float]:
    """Return the test accuracy of classifiers of x, fitted to the training x: linear_probe and mlp_probe.

    A logistic regression, and a multilayer perceptron that stops when a held-out tenth no longer gains.
    """
    probes = {
        "linear_probe": LogisticRegression(max_iter=500),
        "mlp_probe": MLPClassifier(
            (512, 512), batch_size=256, early_stopping=True, n_iter_no_change=4, max_iter=40, random_state=seed
        ),
    }
    return {name: _score(probe, data) for name, probe in probes.items()}


def _score(probe: LogisticRegression | MLPClassifier, data: LatentDataset) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the limit of iterations belongs to the probe
        probe.fit(data.train.x, data.train.label)
    return float(np.mean(probe.predict(data.test.x) == data.test.label))
