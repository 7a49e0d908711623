"""Classifier two-sample tests: the accuracy of classifiers that separate two samples, on held-out rows.

Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017. The rows are not standardised, so that errors
of mean and scale count. An accuracy of 0.5 means that the classifier sees no difference.
"""

import warnings
from typing import Any, TypeVar

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from ld_data.typing import Array

Model = TypeVar("Model", bound=Any)

LEAST_ROWS = 100  # of one sample: fewer do not suffice for fitting and holding out


def measure_c2st(first: Array, second: Array, seed: int = 0) -> dict[str, float]:
    """Return the held-out accuracy of classifiers between two samples `(n, d)` and `(m, d)`: c2st_mlp and c2st_trees.

    The larger sample is reduced at random to the size of the smaller one. One half of each fits the classifiers, the
    other half is held out. With fewer than 100 rows the result is empty.
    """
    random = np.random.default_rng(seed)
    size = min(len(first), len(second))
    if size < LEAST_ROWS:
        return {}
    half = size // 2
    first, second = (sample[random.permutation(len(sample))[:size]] for sample in (first, second))
    labels = np.repeat([0, 1], half)
    fit_rows, held_out = (np.concatenate([first[part], second[part]]) for part in (slice(half), slice(half, 2 * half)))
    classifiers = {
        "mlp": MLPClassifier((128, 128), **stop_early(len(fit_rows), 5, seed)),
        "trees": HistGradientBoostingClassifier(early_stopping=True, random_state=seed),
    }
    return {
        f"c2st_{name}": float(fit(classifier, fit_rows, labels).score(held_out, labels))
        for name, classifier in classifiers.items()
    }


def stop_early(rows: int, patience: int, seed: int) -> dict[str, Any]:
    """Return the options of a perceptron that stops when it no longer improves on a held-out tenth of its rows."""
    return {
        "batch_size": min(256, rows // 2),
        "early_stopping": True,
        "n_iter_no_change": patience,
        "max_iter": 40,
        "random_state": seed,
    }


def fit(model: Model, rows: Array, targets: Array) -> Model:
    """Return a scikit-learn model after fitting it, without a warning if it reaches its limit of iterations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows, targets)
