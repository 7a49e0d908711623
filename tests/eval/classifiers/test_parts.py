import keras
import numpy as np
import pytest

from eval.classifiers.parts import (
    NetworkPlan,
    add,
    augment,
    convolve,
    dense,
    layer,
    make_feature_model,
    make_network,
    recur,
    rescale,
)

pytestmark = pytest.mark.slow
RANDOM = np.random.default_rng(0)


def build(*parts, shape=(8, 8), like_torch=False, decay=0.0, seed=0):
    return make_network(parts, shape, NetworkPlan(len(shape), 3, np.random.default_rng(seed), like_torch, decay))


def run(network, inputs):
    return keras.ops.convert_to_numpy(network(inputs, training=False))


@pytest.mark.parametrize("shape", [(8, 8), (8,)], ids=["images", "signals"])
def test_every_part_fits_images_and_signals(shape):
    inside = add(convolve(4, 3, padding="same"), layer("BatchNormalization"))
    parts = (
        augment(0.1, 0.1, 0.1),
        convolve(4, 3, "relu"),
        layer("SpatialDropout", 0.1),
        inside,
        layer("MaxPooling", 2),
        layer("Dropout", 0.1),
    )
    network = build(rescale(0.5, 0.5), *parts, dense(5, "tanh"), shape=shape)
    assert network.output_shape == (None, 3)
    assert np.isfinite(run(network, RANDOM.random((2, *shape)))).all()


def test_logistic_regression_is_the_dense_layer_of_the_classes():
    network = build()
    weight, bias = network.get_weights()
    inputs = RANDOM.random((4, 8, 8)).astype(np.float32)
    assert run(network, inputs) == pytest.approx(inputs.reshape(4, 64) @ weight + bias, abs=1e-5)


def test_rescaled_inputs_lose_mean_and_std():
    inputs = RANDOM.random((4, 8, 8)).astype(np.float32)
    plain, scaled = build(), build(rescale(0.25, 2.0))
    assert run(scaled, inputs * 2 + 0.25) == pytest.approx(run(plain, inputs), abs=1e-5)


@pytest.mark.parametrize(("padding", "length"), [(0, 3), (1, 4), ("same", 4)])
def test_zeros_beside_a_signal_lengthen_its_convolution(padding, length):
    network = build(convolve(2, 3, stride=2, padding=padding), shape=(8,))
    assert make_feature_model(network).output_shape == (None, 2 * length)


def test_the_input_of_added_parts_is_added_to_their_output():
    network = build(dense(4, "relu"), add(dense(4, "relu")), shape=(8,))
    first, first_bias, second, second_bias, *_ = network.get_weights()
    inputs = RANDOM.random((2, 8)).astype(np.float32)
    hidden = np.maximum(inputs @ first + first_bias, 0)
    expected = hidden + np.maximum(hidden @ second + second_bias, 0)
    assert run(make_feature_model(network), inputs) == pytest.approx(expected, abs=1e-5)


def test_a_recurrent_network_reads_from_both_ends_with_separate_weights():
    network = build(recur(2), shape=(5,))
    forward, _, _, backward, *_ = network.get_weights()
    assert forward.shape == backward.shape == (1, 6)
    assert not np.array_equal(forward, backward)
    assert abs(forward).max() <= 1 / np.sqrt(2)
    reader = make_feature_model(network)
    first, last = np.eye(5, dtype=np.float32)[[0, 4]]
    quiet, start, end = (run(reader, values[None]).reshape(5, 4) for values in (np.zeros(5, "f"), first, last))
    assert np.array_equal(end[:4, :2], quiet[:4, :2])  # forward: the last point changes no earlier state
    assert np.array_equal(start[1:, 2:], quiet[1:, 2:])
    assert not np.array_equal(start[1:, :2], quiet[1:, :2])


def test_kernels_are_initialised_as_in_pytorch_on_request():
    weight = build(shape=(100,), like_torch=True).get_weights()[0]
    assert 0.095 < abs(weight).max() <= 0.1  # 1 / sqrt(fan_in)
    assert abs(build(shape=(100,)).get_weights()[0]).max() > 0.2  # sqrt(6 / (fan_in + fan_out))


def test_decay_adds_half_the_squared_kernels_to_the_loss():
    network = build(dense(4), shape=(8,), decay=0.3)
    kernels = [weight for weight in network.get_weights() if weight.ndim == 2]
    expected = 0.15 * sum(np.square(kernel).sum() for kernel in kernels)
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-5)


def test_the_seed_decides_the_weights():
    one, same, other = (build(dense(4), seed=seed).get_weights()[0] for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_images_change_only_in_training():
    network = build(augment(0.2, 0.2, 0.2))
    inputs = RANDOM.random((2, 8, 8)).astype(np.float32)
    trained = keras.ops.convert_to_numpy(network(inputs, training=True))
    assert not np.allclose(trained, run(network, inputs))
    assert np.array_equal(run(network, inputs), run(network, inputs))
