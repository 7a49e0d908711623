"""Features of a classifier before and after training, beside the raw inputs."""

from collections.abc import Mapping

from sklearn.neighbors import NearestNeighbors

from eval.classifiers.parts import make_feature_model
from eval.classifiers.registry import find_classifier
from eval.classifiers.training import Examples, train
from ld_data.checks import check_integer
from ld_data.typing import Array


def make_views(name: str, examples: Examples, rows: int, seed: int = 0, epochs: int | None = None) -> dict[str, Array]:
    """Return the first test rows `(rows, d)` in three views: raw, and a classifier's features untrained and trained.

    The features are the inputs of its last layer.

    Raises:
        InputError: if `rows` is below 10, or as `train`.
    """
    check_integer("rows", rows, 10, 2**31)
    inputs = examples.x_test[:rows]
    untrained = find_classifier(name, inputs.ndim - 1).make(inputs.shape[1:], examples.classes, seed)
    networks = {"untrained features": untrained, "trained features": train(name, examples, seed, epochs)}
    features = {
        title: make_feature_model(network).predict(inputs, batch_size=1000, verbose=0)
        for title, network in networks.items()
    }
    return {title: view.reshape(len(inputs), -1) for title, view in ({"raw inputs": inputs} | features).items()}


def measure_neighbours(views: Mapping[str, Array], labels: Array) -> dict[str, float]:
    """Return for each view `(n, d)` the share of rows whose nearest other row is of the same class `(n,)`."""
    nearest = {title: NearestNeighbors(n_neighbors=1).fit(view).kneighbors()[1][:, 0] for title, view in views.items()}
    return {title: float((labels == labels[rows]).mean()) for title, rows in nearest.items()}
