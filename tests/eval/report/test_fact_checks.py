from pkgutil import resolve_name

import numpy as np
import pytest

from eval.names import RULES
from eval.report.fact_checks import (
    FAILS,
    HOLDS,
    OPEN,
    SILENT,
    check_facts,
    has_second_network,
    needs_batch,
    uses_upper_weights,
)
from eval.rules.backpropagation import Backpropagation
from eval.rules.facts import MEANINGS, Facts
from eval.rules.feedback_alignment import FeedbackAlignment


def check(rule, data):
    def make():
        return rule.make_for(data, (16, 16), np.random.default_rng(0))

    return check_facts(rule, make, data.train.x[:20], data.train.y[:20])


@pytest.mark.parametrize("name", RULES)
def test_no_declared_fact_of_a_built_in_rule_fails(name, data):
    facts = check(resolve_name(f"eval.{RULES[name]}"), data)
    assert list(facts) == list(MEANINGS)
    assert {fact["check"] for fact in facts.values()} <= {HOLDS, OPEN}
    assert facts["second_network"]["check"] == HOLDS


def test_wrong_declarations_fail(data):
    class Wrong(FeedbackAlignment):
        facts = Facts(weight_transport="values", batch_needed=True, second_network=True, labels_as_input=True)

    facts = check(Wrong, data)
    assert [name for name, fact in facts.items() if fact["check"] == FAILS] == [
        "weight_transport",
        "second_network",
        "batch_needed",
        "labels_as_input",
    ]


def test_a_class_without_facts_declares_nothing(data):
    class Silent(Backpropagation):
        facts = None

    facts = check(Silent, data)
    assert {fact["check"] for fact in facts.values()} == {SILENT}
    assert facts["batch_needed"]["found"] is False


def test_a_rule_that_takes_no_other_weights_or_batches_leaves_the_checks_open(data):
    class Picky(FeedbackAlignment):
        def suggest(self, x, y):
            raise ValueError("not these")

    facts = check(Picky, data)
    assert facts["weight_transport"]["check"] == facts["batch_needed"]["check"] == OPEN


def test_rules_that_use_transposed_weights_react_to_them(data):
    def make(rule):
        return lambda: rule.make_for(data, (16, 16), np.random.default_rng(0))

    x, y = data.train.x[:8], data.train.y[:8]
    assert uses_upper_weights(make(Backpropagation), x, y) is True
    assert uses_upper_weights(make(FeedbackAlignment), x, y) is False


def test_weight_transport_below_the_layer_under_the_output_is_found(data):
    class Mixed(FeedbackAlignment):
        """Random feedback from the output, and the transposed weights below."""

        def suggest(self, x, y):
            self.feedback[1] = self.weights[1][:-1].T
            return super().suggest(x, y)

    x, y = data.train.x[:8], data.train.y[:8]
    assert uses_upper_weights(lambda: Mixed.make_for(data, (16, 16), np.random.default_rng(0)), x, y) is True
    assert uses_upper_weights(lambda: Mixed.make_for(data, (16, 7), np.random.default_rng(0)), x, y) is None


def test_a_second_network_is_found_beside_other_learned_weights(data):
    class Both(Backpropagation):
        scaled, helps = True, True

        def __init__(self, sizes, random):
            super().__init__(sizes, random)
            self.weights += [np.ones(1, np.float32)] * self.scaled + [np.ones((2, 2), np.float32)] * self.helps

        def predict(self, x):
            return super().predict(x) * (self.weights[self.layers] if self.scaled else 1)

    class Scaled(Both):
        helps = False

    class Plain:
        def __init__(self, network):
            self.weights, self.predict = network.weights, network.predict

    x, random = data.train.x[:8], np.random.default_rng(0)
    assert has_second_network(Both.make_for(data, (16,), random), x) is True
    assert has_second_network(Scaled.make_for(data, (16,), random), x) is False
    assert has_second_network(Plain(Both.make_for(data, (16,), random)), x) is None


def test_a_rule_that_compares_rows_needs_a_batch(data):
    class Centred(Backpropagation):
        def suggest(self, x, y):
            return super().suggest(x, y - y.mean(axis=0))

    class Paired(Backpropagation):
        def suggest(self, x, y):
            return super().suggest(x[[0, 1]], y[[0, 1]])  # raises for one row

    for rule, expected in ((Centred, True), (Paired, True), (Backpropagation, False)):
        network = rule.make_for(data, (16,), np.random.default_rng(0))
        assert needs_batch(lambda network=network: network, data.train.x[:8], data.train.y[:8]) is expected
