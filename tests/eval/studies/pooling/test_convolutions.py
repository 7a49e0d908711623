import keras
import numpy as np
import pytest

from eval.classifiers.parts import NetworkPlan
from eval.studies.inputs import make_signals
from eval.studies.pooling.convolutions import POOLS, Sizes, build, measure_sizes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("method", "inputs"), [("none", 800), ("stride", 200), ("max", 200), ("l2", 200)])
def test_networks_are_those_of_the_notebook(method, inputs):
    network = build(method, np.random.default_rng(0))
    assert network.count_params() == (3 + 1) * 20 + (60 + 1) * 20 + (inputs + 1) * 10
    assert network.layers[-1].kernel.shape == (inputs, 10)
    for kernel, bias in zip(*[iter(network.get_weights())] * 2, strict=True):  # both within 1 / sqrt(inputs of a unit)
        most = 1 / np.sqrt(kernel[..., 0].size)
        assert 0.5 * most < np.abs(bias).max() <= most
        assert 0.9 * most < np.abs(kernel).max() <= most


def test_l2_pooling_is_the_root_of_the_sum_of_squares():
    (pool,) = POOLS["l2"]
    pairs = keras.ops.convert_to_tensor([[[3.0], [4.0], [0.0], [0.0]]])
    pooled = keras.ops.convert_to_numpy(pool(pairs, NetworkPlan(1, 10, np.random.default_rng(0))))
    np.testing.assert_allclose(pooled.ravel(), [5, 0], atol=1e-5)


def test_a_trial_has_an_accuracy_for_each_size_and_part_of_the_training():
    sizes = Sizes({60: make_signals(90, 60), 120: make_signals(150, 120)}, make_signals(60, 40, seed=43))
    plan = {"method": "max", "rows": (60, 120), "passes": (40, 4), "rate": 0.01, "batch_rows": 10}
    curves = measure_sizes(sizes, 0, shuffled=True, **plan).curves
    assert curves["at"] == [60, 120]
    assert set(curves) == {"at", "own", *(f"accuracy_{part}" for part in range(1, 7))}
    assert curves["accuracy_6"][0] > 20
    assert sizes.sha256 != Sizes(dict(list(sizes.sets.items())[:1]), sizes.common).sha256
