from functools import partial

import numpy as np
import pytest
from sklearn.manifold import TSNE

from eval.studies.inputs import Signals, make_signals
from eval.studies.maps import features
from eval.studies.maps.drawing import describe_map, measure_map
from eval.studies.maps.rows import Rows, load_mnist1d_x, load_pixels, make_rows

pytestmark = pytest.mark.slow
RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(3, size=600)
CLUSTERS = (9 * np.eye(3, 5)[LABELS] + RANDOM.normal(size=(600, 5))).astype(np.float32)


@pytest.fixture(autouse=True)
def _short_maps(monkeypatch):
    monkeypatch.setattr("ld_data.health.maps.TSNE", partial(TSNE, max_iter=300))


def test_clusters_are_seen_in_rows_and_on_the_map_and_noise_has_none():
    rows = Rows(CLUSTERS, LABELS, "0")
    clear, noise = measure_map(rows, 0, count=520), measure_map(rows, 0, count=520, noise=True)
    assert clear.figures["silhouette"] > 0.4
    assert noise.figures["silhouette"] < 0.1
    for name in ("nearest", "neighbours", "map_nearest", "map_neighbours"):
        assert clear.figures[name] > 98
        assert noise.figures[name] < 60
    assert {len(curve) for curve in clear.curves.values()} == {500}
    assert set(clear.curves["place_class"]) == {0, 1, 2}
    assert clear.figures["divergence"] < noise.figures["divergence"]


def test_few_rows_have_fewer_places():
    outcome = describe_map(CLUSTERS[:60], LABELS[:60])
    assert {len(curve) for curve in outcome.curves.values()} == {60}


def test_features_are_those_of_test_rows(monkeypatch):
    seen = {}

    def make_views(name, examples, rows, seed, epochs):
        seen.update(name=name, rows=rows, seed=seed, epochs=epochs)
        return {"trained features": examples.x_test[:rows]}

    monkeypatch.setattr(features, "make_views", make_views)
    signals = Signals(CLUSTERS[:90], LABELS[:90], CLUSTERS[90:], LABELS[90:], "0")
    outcome = features.measure_features(signals, 4, count=100, classifier="mnist1d-cnn", epochs=2)
    assert seen == {"name": "mnist1d-cnn", "rows": 100, "seed": 4, "epochs": 2}
    assert outcome.curves["place_class"] == LABELS[90:190].tolist()


def test_rows_are_those_of_sources_and_releases(mnist_home, monkeypatch):
    monkeypatch.setattr("eval.studies.maps.rows.make_signals", lambda *sizes: make_signals(60, 40))
    pixels, signals, x = load_pixels(), make_rows.__wrapped__(), load_mnist1d_x()
    assert [rows.x.shape for rows in (pixels, signals, x)] == [(70_000, 784), (60, 40), (5_000, 32)]
    assert pixels.x.max() == 1
    assert len({rows.sha256 for rows in (pixels, signals, x)}) == 3
