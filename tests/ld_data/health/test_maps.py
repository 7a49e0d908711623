import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ld_data.health import maps
from ld_data.health.maps import embed, embed_by_class
from ld_data.release.dataset import LatentDataset, Split


def make_data(rows, d, spread):
    """Latents of three classes around three corners."""
    random = np.random.default_rng(0)
    labels = np.arange(rows, dtype=np.uint8) % 3
    x = (np.eye(3, d)[labels] * spread + random.normal(size=(rows, d))).astype(np.float32)
    split = Split(x, x, labels)
    return LatentDataset("fake", split, split, np.zeros((d, 3), np.float32), np.zeros(3, np.float32), np.eye(3, d))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2, 3), (40, 1), (40, 60)])
def test_a_map_is_centred_and_reaches_to_one(shape):
    places = embed(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    assert places.shape == (shape[0], 2)
    assert places.dtype == np.float32
    assert np.abs(places).max() == 1
    assert places.min(axis=0) == pytest.approx(-places.max(axis=0), abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 3), (20, 4)])
def test_rows_that_are_all_the_same_lie_in_the_middle(shape):
    assert np.array_equal(embed(np.full(shape, 0.1, np.float32)), np.zeros((shape[0], 2)))


@pytest.mark.slow
def test_classes_lie_apart():
    data = make_data(150, 8, spread=8)
    places = embed_by_class(data, 100)
    assert places.shape == (100, 2)
    distances = np.linalg.norm(places[:, None] - places, axis=2) + 9 * np.eye(100)
    assert np.array_equal(data.test.label[distances.argmin(axis=1)], data.test.label[:100])


@pytest.mark.parametrize(("variable", "expected"), [(None, 1), ("3", 3)])
def test_a_map_takes_one_thread_unless_a_number_is_asked_for(monkeypatch, variable, expected):
    seen = []

    class Map(maps.TSNE):
        kl_divergence_ = 0.0

        def fit_transform(self, rows):
            seen.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp")
            return rows[:, :2]

    monkeypatch.setattr(maps, "TSNE", Map)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    with threadpool_limits(3, "openmp"):
        embed(np.random.default_rng(0).normal(size=(40, 3)))
    assert set(seen) == {expected}
