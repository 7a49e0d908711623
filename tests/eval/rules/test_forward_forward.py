import numpy as np
import pytest

from eval import evaluate
from eval.rules.forward_forward import THRESHOLD, ClassBackpropagation, MonoForward
from eval.rules.network import RulePlan, apply, fit_network
from tests.support.rules import differentiate, make_forward_forward


def test_layers_of_forward_forward_follow_the_gradient_of_their_own_loss(data):
    network = make_forward_forward(data, (6,))
    network.weights = [weights.astype(np.float64) for weights in network.weights]
    x, y = data.train.x[:30].astype(np.float64), data.train.y[:30]
    k, labels, state = data.classes, data.classify(y), network.random.bit_generator.state
    gradient = network.suggest(x, y)[0]
    network.random.bit_generator.state = state  # to draw the same false classes again
    goodness = network.measure_classes(x)
    shares = np.exp(goodness - goodness.max(axis=1, keepdims=True))
    shares[np.arange(30), labels] = 0
    steps = shares.cumsum(axis=1) / shares.sum(axis=1, keepdims=True)
    wrong = (steps < network.random.random((30, 1))).sum(axis=1)

    def measure_loss():
        total = 0.0
        for classes, sign in ((labels, -1), (wrong, 1)):
            inputs = np.hstack([x, np.sqrt(data.latent_dim) * np.eye(k)[classes]])
            active = np.maximum(apply(network.weights[0], inputs), 0)
            total += np.logaddexp(0, sign * (np.square(active).mean(axis=1) - THRESHOLD)).mean()
        return total

    assert (wrong != labels).all()
    assert gradient == pytest.approx(differentiate(measure_loss, network.weights[0]), abs=1e-4)


@pytest.mark.slow
def test_forward_forward_learns_and_is_reproducible(data):
    plan = RulePlan(units=(16,), learning_rate=1e-2, epochs=12, batch_rows=64)
    scores = [evaluate(fit_network(make_forward_forward(data), data, plan, 0, "rule"), data) for _ in range(2)]
    assert scores[0].skill > 0.5
    assert scores[0] == scores[1]


def make_class_network(rule, data):
    """A network of a rule in float64 with two hidden layers, and a batch for it."""
    network = rule.make_for(data, (6, 5), np.random.default_rng(0))
    random = np.random.default_rng(2)
    network.weights = [random.normal(0, 0.4, weights.shape) for weights in network.weights]
    return network, data.train.x[:30].astype(np.float64), data.train.y[:30]


@pytest.mark.parametrize(("layer", "own", "projection"), [(1, 0, 3), (2, 1, 2)])
def test_layers_of_mono_forward_follow_the_gradient_of_their_own_cross_entropy(layer, own, projection, data):
    network, x, y = make_class_network(MonoForward, data)

    def measure_loss():
        goodness = apply(network.weights[projection], network.run(x)[layer])
        return (np.log(np.exp(goodness).sum(axis=1)) - goodness[np.arange(30), data.classify(y)]).mean()

    changes = network.suggest(x, y)
    for place in (own, projection):
        assert changes[place] == pytest.approx(differentiate(measure_loss, network.weights[place]), abs=1e-7)


def test_mono_forward_answers_the_mean_of_y_over_the_classes_of_its_last_layer(data):
    network, x, _ = make_class_network(MonoForward, data)
    shares = np.exp(apply(network.weights[2], network.run(x)[2]))
    assert network.predict(x) == pytest.approx(shares / shares.sum(axis=1, keepdims=True) @ network.class_mean)


def test_backpropagation_of_classes_is_the_gradient_of_the_cross_entropy_of_the_answer(data):
    network, x, y = make_class_network(ClassBackpropagation, data)

    def measure_loss():
        logits = network.run(x)[-1]
        return (np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(30), data.classify(y)]).mean()

    for gradient, weights in zip(network.suggest(x, y), network.weights, strict=True):
        assert gradient == pytest.approx(differentiate(measure_loss, weights), abs=1e-7)
