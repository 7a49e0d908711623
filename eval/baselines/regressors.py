"""Baselines without a network: least squares, neighbours and trees of scikit-learn, and the two ends of the scale."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.neighbors import KNeighborsRegressor
from threadpoolctl import threadpool_limits

from eval.class_space import project_y
from eval.predictions import Answer
from ld_data.progress import show_progress
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Array, Doubles

NEIGHBOURS = (10, 30, 100, 300)
HELD_OUT = 0.1
TREES = 100


def fit_mean(data: LatentDataset, seed: int) -> Answer:
    """Return the model that always answers the mean of the training y."""
    mean = data.train.y.mean(axis=0)
    return lambda x: np.broadcast_to(mean, (len(x), len(mean)))


def make_oracle(data: LatentDataset, seed: int) -> Array:
    """Return the best possible predictions `(n, d)`: for each test row the mean of y given its true class."""
    return data.class_mean[data.test.label]


def fit_linear(data: LatentDataset, seed: int) -> Answer:
    """Return the least-squares linear map with an intercept."""
    return LinearRegression().fit(*_widen(data)).predict


def fit_linear_projected(data: LatentDataset, seed: int) -> Answer:
    """Return the same, with predictions projected onto the span of the decoder's class weights (`project_y`)."""
    model = LinearRegression().fit(*_widen(data))
    return lambda x: project_y(data, model.predict(x))


def fit_ridge(data: LatentDataset, seed: int) -> Answer:
    """Return the linear map with the best of 17 penalties by leave-one-out.

    Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970.
    """
    return RidgeCV(np.logspace(-2, 6, 17)).fit(*_widen(data)).predict


def fit_neighbours(data: LatentDataset, seed: int) -> Answer:
    """Return the mean y of the nearest 10, 30, 100 or 300 rows, the best number on a held-out tenth.

    If fewer than ten rows remain beside that tenth, their number is taken.
    """
    rows = max(1, int(len(data.train) * (1 - HELD_OUT)))
    search = GridSearchCV(
        KNeighborsRegressor(algorithm="brute"),
        {"n_neighbors": [count for count in NEIGHBOURS if count <= rows] or [rows]},
        scoring="neg_mean_squared_error",
        cv=ShuffleSplit(1, test_size=HELD_OUT, random_state=seed),
    )
    return search.fit(data.train.x, data.train.y).predict


def fit_trees(data: LatentDataset, seed: int) -> Answer:
    """Return gradient-boosted trees, one model for each component of y: Friedman, Annals of Statistics 29, 2001.

    Each stops when it no longer improves on a held-out tenth of the rows.
    """
    progress = show_progress(data.train.y.T, "trees", unit="component")
    with threadpool_limits(1):  # threads that wait for each other take several times the processor time on busy cores
        models = [_make_trees(seed).fit(data.train.x, component) for component in progress]

    def predict(x: Array) -> Array:
        with threadpool_limits(1):
            return np.column_stack([model.predict(x) for model in models])

    return predict


def _make_trees(seed: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        max_iter=TREES,
        max_leaf_nodes=31,
        learning_rate=0.1,
        early_stopping=True,
        validation_fraction=HELD_OUT,
        random_state=seed,
    )


def _widen(data: LatentDataset) -> tuple[Doubles, Doubles]:
    return data.train.x.astype(np.float64), data.train.y.astype(np.float64)
