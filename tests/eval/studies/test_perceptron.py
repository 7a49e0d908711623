import numpy as np
import pytest

from eval.studies.perceptron import LOSSES, Perceptron, Training, cross_entropy, iterate_batches, squared_error, train

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(7, 5))
TARGETS = np.eye(3)[RANDOM.integers(3, size=7)]


@pytest.mark.parametrize("loss", LOSSES.values())
@pytest.mark.parametrize("skip", [False, True])
def test_the_gradient_is_that_of_finite_differences(skip, loss):
    network = Perceptron([5, 6, 6, 3], np.random.default_rng(1), skip=skip, dtype=np.float64)
    gradient = network.find_gradient(X, TARGETS, loss)[1].copy()
    step = 1e-6
    for place, value in enumerate(network.values.copy()):
        losses = []
        for moved in (value + step, value - step):
            network.values[place] = moved
            losses.append(network.find_gradient(X, TARGETS, loss)[0])
        network.values[place] = value
        assert gradient[place] == pytest.approx((losses[0] - losses[1]) / (2 * step), abs=1e-8)


def test_a_skip_adds_the_input_of_equal_layers_alone():
    plain, skipping = (Perceptron([5, 6, 6, 3], np.random.default_rng(1), skip=skip) for skip in (False, True))
    first, second, last = plain.weights
    hidden = np.maximum(X @ first[:-1] + first[-1], 0)
    above = np.maximum(hidden @ second[:-1] + second[-1], 0)
    np.testing.assert_allclose(plain.predict(X), above @ last[:-1] + last[-1])
    np.testing.assert_allclose(skipping.predict(X), (hidden + above) @ last[:-1] + last[-1])


def test_weights_and_biases_start_as_in_pytorch():
    network = Perceptron([16, 400, 9], np.random.default_rng(0))
    for weights, most in zip(network.weights, (1 / 4, 1 / 20), strict=True):
        assert 0.9 * most < np.abs(weights[:-1]).max() < most
        assert 0.5 * most < np.abs(weights[-1]).max() < most


def test_losses_are_those_of_pytorch():
    outputs = np.array([[0.0, 0.0], [3.0, 1.0]])
    targets = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(cross_entropy(outputs, targets)[0], [np.log(2), 2 + np.log1p(np.exp(-2))])
    np.testing.assert_allclose(squared_error(outputs, targets)[0], [0.5, 4.5])


def test_batches_come_in_fixed_order_or_shuffled_for_each_pass():
    x = np.arange(7)[:, None]
    fixed = Training(0.1, steps=5, batch_rows=3, order="fixed")
    batches = [part[:, 0].tolist() for part, _ in iterate_batches(x, x, fixed, RANDOM)]
    assert batches == [[0, 1, 2], [3, 4, 5], [6], [2, 3, 4], [5, 6]]  # as in train.py of MNIST-1D
    shuffled = Training(0.1, steps=4, batch_rows=3)
    batches = [part[:, 0].tolist() for part, _ in iterate_batches(x, x, shuffled, np.random.default_rng(0))]
    assert [len(batch) for batch in batches] == [3] * 4
    assert len({*batches[0], *batches[1]}) == len({*batches[2], *batches[3]}) == 6
    assert batches[:2] != batches[2:]


def test_momentum_and_adam_take_the_steps_of_their_formulas():
    for momentum in (0.5, None):
        network = Perceptron([5, 3], np.random.default_rng(0), dtype=np.float64)
        twin = Perceptron([5, 3], np.random.default_rng(0), dtype=np.float64)
        plan = Training(0.1, steps=2, batch_rows=7, momentum=momentum, order="fixed")
        train(network, X, TARGETS, squared_error, plan, RANDOM)
        velocity, first, second = 0.0, 0.0, 0.0
        for step in (1, 2):
            gradient = twin.find_gradient(X, TARGETS, squared_error)[1]
            velocity = 0.5 * velocity + gradient
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            adam = first / (1 - 0.9**step) / np.sqrt(second / (1 - 0.999**step))
            twin.values -= 0.1 * (velocity if momentum else adam)
        np.testing.assert_allclose(network.values, twin.values, atol=1e-5)  # Adam keeps float32


def test_the_rate_is_halved_after_so_many_steps():
    network = Perceptron([5, 3], np.random.default_rng(0), dtype=np.float64)
    twin = Perceptron([5, 3], np.random.default_rng(0), dtype=np.float64)
    train(network, X, TARGETS, squared_error, Training(0.1, 3, 7, 0.0, "fixed", halved=2), RANDOM)
    for rate in (0.1, 0.1, 0.05):
        twin.values -= rate * twin.find_gradient(X, TARGETS, squared_error)[1]
    np.testing.assert_allclose(network.values, twin.values)


def test_masked_values_stay_zero_and_others_learn():
    network, seen = Perceptron([5, 6, 3], np.random.default_rng(0)), []
    mask = (np.random.default_rng(1).random(len(network.values)) < 0.5).astype(np.float32)
    before, plan = network.values.copy(), Training(0.1, steps=3, batch_rows=7)
    train(network, X.astype(np.float32), TARGETS, cross_entropy, plan, RANDOM, mask=mask, watch=seen.append)
    assert not network.values[mask == 0].any()
    assert (network.values[mask == 1] != before[mask == 1]).any()
    assert seen == [1, 2, 3]
