import numpy as np
import pytest

from eval.report.watch import DivergedError, Watched, suggest_checked
from eval.rules.backpropagation import Backpropagation
from eval.rules.network import Network
from ld_data.errors import InputError


def make(suggest):
    """A network of sizes 4, 8, 4 whose rule is a function of it, x and y."""

    class Rule(Network):
        pass

    Rule.suggest = suggest
    return Rule((4, 8, 4), np.random.default_rng(0))


def change(network, x, y):
    y += 1
    return network.weights


def set_value(network, value):
    weights = [weight.copy() for weight in network.weights]
    weights[1][2, 3] = value
    return weights


@pytest.mark.parametrize(
    ("suggest", "words"),
    [
        (
            lambda network, x, y: None,
            "a list of 2 arrays, one for each of `weights`; at step 9 it returned nothing",
        ),
        (lambda network, x, y: network.weights[:1], "at step 9 it returned list of 1"),
        (lambda network, x, y: x, "at step 9 it returned ndarray"),
        (
            lambda network, x, y: [network.weights[0], network.weights[1][:-1]],
            r"the suggestion for layer 2 at step 9 must be an array of floats \(9, 4\), .* received float32 \(8, 4\)",
        ),
        (lambda network, x, y: [[0.0], network.weights[1]], "for layer 1 at step 9 must be .* received list"),
        (lambda network, x, y: [np.zeros((5, 8), int), network.weights[1]], r"received int64 \(5, 8\)"),
        (lambda network, x, y: 1 / 0, r"suggest raised at step 9: ZeroDivisionError: division by zero \(test_watch.py"),
        (change, "suggest changes its input y at step 9"),
        (lambda network, x, y: set_value(network, np.nan), "1 of 36 values of the suggestion for layer 2 at step 9"),
        (lambda network, x, y: set_value(network, np.inf), "layer 2 at step 9 are not finite"),
    ],
)
def test_bad_suggestions_are_refused_with_rule_layer_and_step(suggest, words):
    x, y = np.ones((6, 4), np.float32), np.ones((6, 4), np.float32)
    with pytest.raises(InputError, match=f"^mine: .*{words}") as caught:
        suggest_checked(make(suggest), "mine", x, y, 9)
    assert isinstance(caught.value, DivergedError) == ("finite" in words or "values" in words)


def test_the_answer_at_the_end_of_an_epoch_is_checked():
    network = make(Backpropagation.suggest)
    watched = Watched(network, "mine")
    network.predict = lambda x: x[:, :2]
    with pytest.raises(InputError, match=r"mine: predict must return .* \(6, 4\) .*returned float64 \(6, 2\)"):
        watched.predict(np.ones((6, 4)))
    network.predict = lambda x: x[99]
    with pytest.raises(InputError, match="mine: predict raised after step 0: IndexError"):
        watched.predict(np.ones((6, 4)))


def test_chosen_steps_are_probed():
    network = Backpropagation((4, 8, 4), np.random.default_rng(0))
    watched = Watched(network, "mine", {1, 3})
    x = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    for _ in range(4):
        watched.suggest(x, x)
    assert [probe.step for probe in watched.probes] == [1, 3]
    watched.predict(x)
    assert 0 <= watched.seconds[0] < 10
    watched.weights = []
    assert network.weights == []
