import numpy as np
import pytest

from eval import evaluate
from eval.rules.associative_memory import AssociativeMemory, fit_associative_memory
from eval.rules.backpropagation import Backpropagation
from eval.rules.equilibrium_propagation import EquilibriumPropagation
from eval.rules.evolution_strategies import EvolutionStrategies
from eval.rules.feedback_alignment import DirectFeedbackAlignment, FeedbackAlignment
from eval.rules.forward_forward import THRESHOLD, ForwardForward
from eval.rules.network import Network, RulePlan, apply, fit_network
from eval.rules.predictive_coding import PredictiveCoding
from eval.rules.target_propagation import STEP, DifferenceTargetPropagation
from ld_data.release.builder import make_dataset
from tests.support.fakes import FakeCodec, make_source

SIZES = (5, 7, 6, 3)
RULES = (
    Backpropagation,
    FeedbackAlignment,
    DirectFeedbackAlignment,
    DifferenceTargetPropagation,
    PredictiveCoding,
    EquilibriumPropagation,
    EvolutionStrategies,
)


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(3000, 1000), FakeCodec(), "fake", seed=0)


@pytest.fixture
def batch():
    random = np.random.default_rng(1)
    return random.normal(size=(40, SIZES[0])), random.normal(size=(40, SIZES[-1]))


def make_network(rule, sizes=SIZES, seed=0):
    """A network in float64 whose output is not zero, so that errors reach every layer."""
    network = rule(sizes, np.random.default_rng(seed))
    random = np.random.default_rng(2)
    network.weights = [random.normal(0, 0.4, weight.shape) for weight in network.weights]
    return network


def make_settling_network(hidden):
    """A network of equilibrium propagation whose weights are so small that it settles fast."""
    network = make_network(EquilibriumPropagation, (SIZES[0], *hidden, SIZES[-1]))
    network.weights = [weights / 2 for weights in network.weights]
    return network


def make_forward_forward(data, units=(16,)):
    return ForwardForward.make_for(data, units, np.random.default_rng(0))


def differentiate(measure, weights):
    """The gradient of a number by central differences."""
    gradient = np.zeros(weights.shape)
    for place in np.ndindex(weights.shape):
        kept, values = weights[place], []
        for step in (1e-5, -1e-5):
            weights[place] = kept + step
            values.append(measure())
        weights[place] = kept
        gradient[place] = (values[0] - values[1]) / 2e-5
    return gradient


def measure_cosine(first, second):
    """Of two arrays, or of two lists of arrays as one vector each."""
    first, second = (np.concatenate([np.ravel(array) for array in arrays]) for arrays in (first, second))
    return first @ second / np.linalg.norm(first) / np.linalg.norm(second)


def half_squared_error(network, x, y):
    return 0.5 * np.square(network.predict(x) - y).sum(axis=1).mean()


def test_backpropagation_is_the_gradient(batch):
    network = make_network(Backpropagation)
    for gradient, weights in zip(network.suggest(*batch), network.weights, strict=True):
        assert gradient == pytest.approx(differentiate(lambda: half_squared_error(network, *batch), weights), abs=1e-7)


def test_feedback_through_the_network_s_own_weights_is_backpropagation(batch):
    network, exact = make_network(FeedbackAlignment), make_network(Backpropagation)
    network.feedback = [weights[:-1].T for weights in network.weights]
    for suggested, gradient in zip(network.suggest(*batch), exact.suggest(*batch), strict=True):
        assert suggested == pytest.approx(gradient)


def test_direct_feedback_of_one_hidden_layer_is_feedback_alignment(batch):
    sizes = (SIZES[0], 8, SIZES[-1])
    direct, layered = make_network(DirectFeedbackAlignment, sizes), make_network(FeedbackAlignment, sizes)
    direct.feedback = [layered.feedback[1]]
    for first, second in zip(direct.suggest(*batch), layered.suggest(*batch), strict=True):
        assert first == pytest.approx(second)


@pytest.mark.parametrize("rule", [FeedbackAlignment, DirectFeedbackAlignment, DifferenceTargetPropagation])
def test_the_output_layer_learns_from_its_own_error(rule, batch):
    network, exact = make_network(rule), make_network(Backpropagation)
    layers = network.layers
    exact.weights = network.weights[:layers]
    assert network.suggest(*batch)[layers - 1] == pytest.approx(exact.suggest(*batch)[-1])


@pytest.mark.parametrize("rule", [FeedbackAlignment, DirectFeedbackAlignment])
@pytest.mark.parametrize("seed", range(3))
def test_forward_weights_align_with_the_feedback_until_it_teaches(rule, seed):
    """The law of both papers, in their setting: plain steps down the error of targets without noise."""
    random = np.random.default_rng(seed)
    network = rule((10, 30, 20, 5), random)
    x = random.normal(size=(200, 10))
    y = x @ random.normal(size=(10, 5)) / 3
    for _ in range(1000):
        changes = network.suggest(x, y)
        network.weights = [weights - 0.1 * change for weights, change in zip(network.weights, changes, strict=True)]
    exact = Backpropagation((10, 30, 20, 5), random)
    exact.weights = network.weights
    top = network.layers - 2
    assert measure_cosine(network.weights[-1][:-1].T, network.feedback[-1].reshape(5, 20)) > 0.2
    assert measure_cosine(network.suggest(x, y)[top], exact.suggest(x, y)[top]) > 0.3


def test_feedback_alignment_begins_at_0_and_moves_every_layer(batch):
    network = FeedbackAlignment(SIZES, np.random.default_rng(0))
    assert not any(weights.any() for weights in network.weights)
    for _ in range(3):
        changes = network.suggest(*batch)
        network.weights = [weights - 0.1 * change for weights, change in zip(network.weights, changes, strict=True)]
    assert all(weights[:-1].any() for weights in network.weights)


def test_predictive_coding_nears_backpropagation_as_output_errors_weigh_less(batch, monkeypatch):
    exact = make_network(Backpropagation).suggest(*batch)
    cosines = []
    for variance in (1.0, 10.0, 1000.0):
        monkeypatch.setattr("eval.rules.predictive_coding.OUTPUT_VARIANCE", variance)
        monkeypatch.setattr("eval.rules.predictive_coding.STEPS", 200)
        cosines.append(measure_cosine(make_network(PredictiveCoding).suggest(*batch), exact))
    assert cosines == sorted(cosines)
    assert cosines[-1] > 0.999


def test_predictive_coding_settles_near_backpropagation_in_the_steps_it_has(batch):
    suggested, exact = make_network(PredictiveCoding).suggest(*batch), make_network(Backpropagation).suggest(*batch)
    assert all(measure_cosine(one, other) > 0.95 for one, other in zip(suggested, exact, strict=True))


@pytest.mark.parametrize("hidden", [(4,), (4, 3)])
def test_equilibrium_propagation_nears_the_gradient_of_what_settles(hidden, batch, monkeypatch):
    monkeypatch.setattr("eval.rules.equilibrium_propagation.FREE_STEPS", 300)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.NUDGED_STEPS", 300)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.NUDGE", 1e-3)
    network = make_settling_network(hidden)
    exact = [differentiate(lambda: half_squared_error(network, *batch), weights) for weights in network.weights]
    assert measure_cosine(network.suggest(*batch), exact) > 0.999


@pytest.mark.parametrize("hidden", [(4,), (4, 3)])
def test_equilibrium_propagation_is_near_it_in_the_steps_it_has(hidden, batch, monkeypatch):
    network = make_settling_network(hidden)
    suggested = network.suggest(*batch)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.FREE_STEPS", 300)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.NUDGED_STEPS", 300)
    monkeypatch.setattr("eval.rules.equilibrium_propagation.NUDGE", 1e-3)
    assert all(measure_cosine(one, other) > 0.95 for one, other in zip(suggested, network.suggest(*batch), strict=True))


def test_evolution_strategies_near_the_gradient_of_the_mean_squared_error(batch, monkeypatch):
    monkeypatch.setattr("eval.rules.evolution_strategies.PAIRS", 5000)
    network, exact = make_network(EvolutionStrategies), make_network(Backpropagation)
    suggested, gradient = network.suggest(*batch), exact.suggest(*batch)
    assert measure_cosine(suggested, gradient) > 0.97
    assert np.linalg.norm(suggested[0]) == pytest.approx(np.linalg.norm(gradient[0]) * 2 / SIZES[-1], rel=0.3)


def test_inverses_of_target_propagation_learn_to_give_back_what_went_in(batch):
    network = make_network(DifferenceTargetPropagation)
    x, y = batch
    errors = []
    for _ in range(400):
        activity = network.run(x)
        errors.append(np.square(np.tanh(apply(network.weights[network.layers], activity[2])) - activity[1]).mean())
        network.weights[network.layers] -= 0.5 * network.suggest(x, y)[network.layers]
    assert errors[-1] < 0.3 * errors[0]


def test_the_top_target_is_a_step_down_the_gradient(batch):
    network, exact = make_network(DifferenceTargetPropagation), make_network(Backpropagation)
    exact.weights = network.weights[: network.layers]
    top = network.layers - 2
    assert network.suggest(*batch)[top] == pytest.approx(STEP * exact.suggest(*batch)[top])


def test_without_a_step_no_layer_moves_however_bad_its_inverse(batch, monkeypatch):
    """The difference correction of the paper: an inverse's own error is not taken for the layer's."""
    monkeypatch.setattr("eval.rules.target_propagation.STEP", 0.0)
    for gradient in make_network(DifferenceTargetPropagation).suggest(*batch)[: len(SIZES) - 2]:
        assert gradient == pytest.approx(0, abs=1e-12)


def test_targets_through_learned_inverses_point_along_the_gradient(batch):
    network, exact = make_network(DifferenceTargetPropagation), make_network(Backpropagation)
    exact.weights = network.weights[: network.layers]
    cosines = [measure_cosine(network.suggest(*batch)[0], exact.suggest(*batch)[0])]
    for _ in range(300):
        network.weights[network.layers] -= 0.5 * network.suggest(*batch)[network.layers]
    cosines.append(measure_cosine(network.suggest(*batch)[0], exact.suggest(*batch)[0]))
    assert cosines[1] > max(0.3, cosines[0])


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


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_learns_and_is_reproducible(rule, data):
    plan = RulePlan(units=(16,), learning_rate=1e-2, epochs=12, batch_rows=64)

    def fit():
        network = rule((data.latent_dim, *plan.units, data.latent_dim), np.random.default_rng(0))
        return evaluate(fit_network(network, data, plan, 0, "rule"), data)

    first = fit()
    assert first.skill > 0.5
    assert fit() == first


def test_forward_forward_learns_and_is_reproducible(data):
    plan = RulePlan(units=(16,), learning_rate=1e-2, epochs=12, batch_rows=64)
    scores = [evaluate(fit_network(make_forward_forward(data), data, plan, 0, "rule"), data) for _ in range(2)]
    assert scores[0].skill > 0.5
    assert scores[0] == scores[1]


def test_a_network_starts_at_the_null(data):
    assert not Network((4, 8, 4), np.random.default_rng(0)).predict(data.test.x).any()


def test_the_weights_of_the_best_epoch_are_kept(data):
    plan = RulePlan(units=(8,), learning_rate=3.0, epochs=4, batch_rows=64)  # it cannot but get worse
    network = Backpropagation((data.latent_dim, 8, data.latent_dim), np.random.default_rng(0))
    fitted = fit_network(network, data, plan, 0, "rule")
    errors = np.square(fitted.predict(data.train.x) - data.train.y).mean()
    assert fitted.held_out_error == pytest.approx(errors, rel=0.2)


def test_a_sharp_memory_recalls_what_it_stored_and_a_blunt_one_the_mean(data):
    x, y = data.train.x[:50], data.train.y[:50]
    assert AssociativeMemory(x, y, 1e4).predict(x) == pytest.approx(y, abs=1e-3)
    assert AssociativeMemory(x, y, 0.0).predict(x) == pytest.approx(np.broadcast_to(y.mean(axis=0), y.shape), abs=1e-5)


def test_a_memory_recalls_by_the_softmax_of_cosines(data):
    x, y, asked = data.train.x[:50].astype(float), data.train.y[:50], data.test.x[:3].astype(float)
    lengths = np.linalg.norm(asked, axis=1)[:, None] * np.linalg.norm(x, axis=1)
    shares = np.exp(5.0 * (asked @ x.T) / lengths)
    recalled = AssociativeMemory(x, y, 5.0).predict(asked)
    assert recalled == pytest.approx(shares / shares.sum(axis=1, keepdims=True) @ y)


def test_an_associative_memory_has_skill(data):
    assert evaluate(fit_associative_memory(data, 0), data).skill > 0.3
