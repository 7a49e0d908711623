"""Maps of many-dimensional rows: t-SNE by scikit-learn (van der Maaten & Hinton, 2008)."""

import os

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from ld_data.release.dataset import LatentDataset
from ld_data.release.examples import Examples
from ld_data.sources.source import Source
from ld_data.typing import Array, Floats

COMPONENTS = 50
PERPLEXITY = 30.0
SEED = 0


def embed(values: Array) -> Floats:
    """Return the places of `draw_map` alone."""
    return draw_map(values)[0]


def draw_map(values: Array) -> tuple[Floats, float]:
    """Return places `(n, 2)` float32 of rows `(n, d)` on a t-SNE map, where similar rows lie close together.

    The second result is the divergence in nats that the map was fitted by. The map is centred and reaches to -1 or 1.
    Wide rows are first reduced to 50 principal components. Equal rows lie in the middle, at a divergence of 0. One
    thread draws the map, or as many as `OMP_NUM_THREADS` says: threads wait for one another at each of its thousands of
    short steps, which costs more than it saves where other programs use the cores.
    """
    if len(values) < 2 or not np.ptp(values, axis=0).any():
        return np.zeros((len(values), 2), np.float32), 0.0
    components = min(COMPONENTS, *values.shape)
    narrow = PCA(components, random_state=SEED).fit_transform(values) if components < values.shape[1] else values
    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    fitted = TSNE(perplexity=perplexity, init="pca" if components > 1 else "random", random_state=SEED)
    with threadpool_limits(None if "OMP_NUM_THREADS" in os.environ else 1, "openmp"):
        places = fitted.fit_transform(narrow)
    places -= (places.min(axis=0) + places.max(axis=0)) / 2
    return (places / np.abs(places).max()).astype(np.float32), float(fitted.kl_divergence_)


def embed_by_class(data: LatentDataset, rows: int) -> Array:
    """Return places of the first test rows on a map of x in the directions that separate the classes most.

    A linear discriminant analysis of the training rows finds these k - 1 directions. A map of all of x would be a round
    cloud, as of any N(0, I), in which no row has near neighbours.
    """
    return embed(find_directions(data.train.x, data.train.label).transform(data.test.x[:rows]))


def find_directions(values: Array, labels: Array) -> LinearDiscriminantAnalysis:
    """Return the directions that separate the classes `(n,)` of rows `(n, d)` most; its `transform` takes others."""
    return LinearDiscriminantAnalysis().fit(values, labels)


def make_examples(source: Source, data: LatentDataset) -> Examples:
    """Return the examples of a release: the inputs of its first 100 test rows, and a map of x of the first 3,000."""
    return Examples(source.inputs_test[:100], embed_by_class(data, 3000))
