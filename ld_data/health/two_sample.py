"""Classifier two-sample tests: the accuracy of classifiers that separate two samples, on held-out rows.

Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017. The rows are not standardised, so that errors
of mean and scale count. An accuracy of 0.5 means that the classifier sees no difference.
"""

import warnings
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from ld_data.typing import Array

LEAST_ROWS = 100  # of one sample: fewer do not suffice for fitting and holding out


class Classifier(Protocol):
    """The methods of a scikit-learn classifier that the test uses."""

    def fit(self, rows: Array, labels: Array) -> "Classifier":
        """Fit it to rows `(n, d)` of the given classes `(n,)`, and return it."""

    def score(self, rows: Array, labels: Array) -> float:
        """Return its accuracy."""


def make_classifiers(rows: int, seed: int = 0) -> Mapping[str, Classifier]:
    """Return two classifiers, by name, for that many rows: a multilayer perceptron, and boosted trees."""
    return {
        "mlp": MLPClassifier(
            (128, 128),
            batch_size=min(256, rows // 2),
            early_stopping=True,
            n_iter_no_change=5,
            max_iter=40,
            random_state=seed,
        ),
        "trees": HistGradientBoostingClassifier(early_stopping=True, random_state=seed),
    }


def measure_c2st(first: Array, second: Array, seed: int = 0) -> dict[str, float]:
    """Return the held-out accuracy of each classifier between two samples `(n, d)` and `(m, d)`, as c2st_<name>.

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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the limit of iterations belongs to the test
        return {
            f"c2st_{name}": float(classifier.fit(fit_rows, labels).score(held_out, labels))
            for name, classifier in make_classifiers(len(fit_rows), seed).items()
        }
