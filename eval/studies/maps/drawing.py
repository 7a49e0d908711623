"""The arms: a map of some rows, drawn by seed, and numbers in place of looks."""

import numpy as np
from sklearn.metrics import silhouette_score
from sklearn.neighbors import KNeighborsClassifier

from eval.studies.design.trials import AXIS, PLACES, Outcome
from eval.studies.maps.rows import Rows
from ld_data.health.maps import draw_map
from ld_data.typing import Array

FITTED = 0.8  # of the rows; neighbours are looked for among them, as 4,000 of 5,000 signals are published for training
SHOWN = 500  # rows of a picture


def measure_map(rows: Rows, seed: int, *, count: int, noise: bool = False) -> Outcome:
    """Return the figures of `describe_map` for some of the rows; of N(0, I) of their shape and classes for `noise`."""
    random = np.random.default_rng((seed, 10))
    chosen = random.permutation(len(rows.x))[:count]
    x = rows.x[chosen]
    return describe_map(random.standard_normal(x.shape, np.float32) if noise else x, rows.label[chosen])


def describe_map(x: Array, labels: Array) -> Outcome:
    """Return how a map shows rows `(n, d)` of classes `(n,)`, and the places of the first 500 rows.

    `divergence` is that of the map in nats, `silhouette` that of the classes on it, from -1 to 1 (Rousseeuw, 1987).
    `nearest` and `neighbours` are the shares in % of the last fifth of the rows that 1 and 10 neighbours among the
    others read right, and `map_nearest` and `map_neighbours` those on the map.
    """
    places, divergence = draw_map(x)
    figures = {"divergence": divergence, "silhouette": float(silhouette_score(places, labels))}
    fitted = round(FITTED * len(x))
    for prefix, values in (("", x), ("map_", places)):
        for name, count in (("nearest", 1), ("neighbours", 10)):
            reader = KNeighborsClassifier(count).fit(values[:fitted], labels[:fitted])
            figures[f"{prefix}{name}"] = 100 * float(reader.score(values[fitted:], labels[fitted:]))
    curves = {AXIS: range(min(SHOWN, len(x))), f"{PLACES}across": places[:SHOWN, 0], f"{PLACES}up": places[:SHOWN, 1]}
    curves[f"{PLACES}class"] = labels[:SHOWN]
    return Outcome(figures, {name: [float(value) for value in values] for name, values in curves.items()})
