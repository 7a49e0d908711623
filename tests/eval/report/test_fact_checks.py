from pkgutil import resolve_name

import numpy as np
import pytest

from eval.names import RULES
from eval.report.fact_checks import FAILS, HOLDS, OPEN, SILENT, check_facts, needs_batch, uses_upper_weights
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
