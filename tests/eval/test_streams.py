import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from eval import evaluate
from eval.ladder.rotations import draw_turn, turn
from eval.rules.backpropagation import Backpropagation
from eval.rules.network import RulePlan
from eval.streams import MEASUREMENTS, TaskFigures, learn_classes, learn_pass
from ld_data.errors import InputError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, guess_classes, make_source

PLAN = RulePlan(units=(16,), learning_rate=1e-2, batch_rows=50)


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(3010, 600), FakeCodec(), "fake", seed=0)


def make_backpropagation(data):
    return Backpropagation.make_for(data, PLAN.units, np.random.default_rng(0))


class Table:
    """A rule that answers from a table that never changes, and notes the batches that it sees."""

    def __init__(self):
        self.weights, self.batches = [], []

    def suggest(self, x, y):
        self.batches.append((x, y))
        return []

    def predict(self, x):
        return guess_classes(x)


class Memory(Table):
    """A rule that stores all rows, and answers the y of the nearest."""

    def predict(self, x):
        if not self.batches:
            return np.zeros_like(x)
        stored, answers = map(np.concatenate, zip(*self.batches, strict=True))
        return answers[np.square(x[:, None] - stored[None, ::5]).sum(axis=2).argmin(axis=1) * 5]


def test_one_pass_shows_each_row_once_beside_its_own_y(data):
    rule = Table()
    result = learn_pass(rule, data, PLAN, 0, "pass")
    assert result.rows == tuple(range(0, 3001, 300))
    x, y = map(np.concatenate, zip(*rule.batches, strict=True))
    rows = {row.tobytes(): place for place, row in enumerate(data.train.x)}
    places = [rows[row.tobytes()] for row in x]
    assert len(set(places)) == len(places) == 3000
    assert np.array_equal(y, data.train.y[places])
    assert places != sorted(places)


def test_the_skill_along_a_pass_is_that_of_the_test_rows(data):
    rule = make_backpropagation(data)
    result = learn_pass(rule, data, PLAN, 0, "pass")
    assert result.skill[0] == pytest.approx(evaluate(np.zeros_like, data).skill)  # a new network answers 0
    assert result.final_skill == result.skill[-1] == pytest.approx(evaluate(rule, data).skill)
    assert result.final_skill > 0.8
    assert result.average_skill == pytest.approx(np.mean(result.skill[1:]))
    assert learn_pass(make_backpropagation(data), data, PLAN, 0, "pass") == result
    assert learn_pass(make_backpropagation(data), data, PLAN, 1, "pass").skill != result.skill


def test_a_pass_of_few_batches_is_measured_after_each(data):
    result = learn_pass(Table(), data, replace(PLAN, batch_rows=1000), 0, "pass")
    assert result.rows == (0, 1000, 2000, 3000)
    assert len(learn_pass(Table(), data, PLAN, 0, "pass").rows) == MEASUREMENTS + 1


def test_x_of_a_drift_turns_along_its_path_and_keeps_its_lengths(data):
    plain, drift = Table(), Table()
    learn_pass(plain, data, PLAN, 3, "pass")
    learn_pass(drift, data, PLAN, 3, "pass", turned=90)
    before, after = (np.concatenate([x for x, _ in rule.batches]) for rule in (plain, drift))
    angles = np.pi / 2 * np.arange(3000) / 3000
    assert after == pytest.approx(turn(before, draw_turn(4, 3), angles), abs=1e-5)
    assert np.linalg.norm(after, axis=1) == pytest.approx(np.linalg.norm(before, axis=1), rel=1e-5)


def test_a_full_turn_ends_where_it_began_and_a_frozen_rule_loses_its_skill_on_the_way(data):
    result = learn_pass(Table(), data, PLAN, 0, "pass", turned=360)
    assert result.skill[-1] == pytest.approx(result.skill[0], abs=1e-3)
    assert result.skill[0] > 0.5
    assert result.skill[MEASUREMENTS // 2] < 0


def test_a_rule_that_learns_follows_a_slow_drift(data):
    result = learn_pass(make_backpropagation(data), data, PLAN, 0, "pass", turned=90)
    assert result.final_skill > 0.6
    frozen = learn_pass(Table(), data, PLAN, 0, "pass", turned=90)
    assert frozen.final_skill < 0.3


def test_a_frozen_rule_forgets_nothing_and_transfers_nothing(data):
    result = learn_classes(Table(), data, PLAN, 0, "classes", tasks=3)
    for figures in (result.skill, result.accuracy):
        assert len(set(figures.matrix)) == 1
        assert (figures.forgetting, figures.forward_transfer) == (0, 0)
    assert result.accuracy.average == pytest.approx(evaluate(guess_classes, data).decoded_accuracy, abs=1e-6)


def test_a_memory_learns_every_class_and_forgets_little(data):
    result = learn_classes(Memory(), data, PLAN, 0, "classes", tasks=3)
    assert result.accuracy.average > 0.85
    assert result.accuracy.forgetting < 0.15


def test_backpropagation_forgets_classes_in_order_and_learns_the_same_rows_in_random_order(data):
    rule = make_backpropagation(data)
    result = learn_classes(rule, data, replace(PLAN, batch_rows=5), 0, "classes", tasks=3)
    assert np.diagonal(result.accuracy.matrix[1:]).min() > 0.9
    assert result.accuracy.forgetting > 0.5
    assert result.accuracy.matrix[-1] == evaluate(rule, data).class_accuracy
    assert learn_pass(make_backpropagation(data), data, PLAN, 0, "pass").final_skill > 0.8


def test_classes_come_in_order_and_fill_their_tasks(data):
    rule = Table()
    result = learn_classes(rule, data, PLAN, 0, "classes", tasks=2)
    assert result.classes == ((0, 1), (2,))
    assert result.rows == (2000, 1000)
    labels = [set(data.classify(y).tolist()) for _, y in rule.batches]
    assert all(own == {0, 1} for own in labels[:40])
    assert all(own == {2} for own in labels[40:])


def test_forgetting_and_forward_transfer_are_those_of_the_papers():
    figures = TaskFigures(((0.1, 0.2, 0.3), (0.9, 0.3, 0.1), (0.7, 0.8, 0.5), (0.4, 0.6, 1.0)))
    assert figures.average == pytest.approx((0.4 + 0.6 + 1.0) / 3)
    assert figures.forgetting == pytest.approx(((0.9 - 0.4) + (0.8 - 0.6)) / 2)
    assert figures.forward_transfer == pytest.approx(((0.3 - 0.2) + (0.5 - 0.3)) / 2)


def test_results_print_as_tables_and_as_json(data):
    drift = learn_pass(Table(), data, replace(PLAN, batch_rows=1000), 0, "pass", turned=360)
    lines = str(drift).splitlines()
    assert lines[0] == "fake, one pass, x turns by 360 degrees"
    assert lines[1].split() == ["rows", "0", "1000", "2000", "3000"]
    assert lines[3] == f"final {drift.final_skill:.3f}, average {drift.average_skill:.3f}"
    assert json.loads(json.dumps(asdict(drift)))["average_skill"] == drift.average_skill
    classes = learn_classes(Table(), data, PLAN, 0, "classes", tasks=3)
    first, _, *rows = str(classes).splitlines()
    assert first == "fake, 3 tasks, each once; decoded accuracy on the test rows of each task"
    assert [row.split()[0] for row in rows[:4]] == ["nothing", "0", "1", "2"]
    written = json.loads(json.dumps(asdict(classes)))
    assert np.array(written["skill"]["matrix"]).shape == (4, 3)
    assert written["accuracy"]["forgetting"] == 0


@pytest.mark.parametrize(
    ("learn", "options", "words"),
    [
        (learn_classes, {"tasks": 4}, "the number of tasks, for 3 classes, must be from 2 to 3; received 4"),
        (learn_classes, {"tasks": 1}, "must be from 2 to 3; received 1"),
        (learn_classes, {"tasks": 2, "seed": -1}, "seed must be"),
        (
            learn_classes,
            {"tasks": 3, "batch_rows": 1100},
            "the task of classes 0 of fake must have the 1100 training rows of a batch or more; it has 10",
        ),
        (learn_pass, {"batch_rows": 4000}, "fake must have the 4000 training rows of a batch or more; it has 3010"),
        (learn_pass, {"turned": -1}, "turned must be a number from 0 to"),
        (learn_pass, {"turned": np.nan}, "turned must be a number from 0 to"),
    ],
)
def test_streams_that_do_not_exist_are_refused(data, learn, options, words):
    plan = replace(PLAN, batch_rows=options.pop("batch_rows", PLAN.batch_rows))
    with pytest.raises(InputError, match=words):
        learn(Table(), data, plan, **{"seed": 0, "title": "stream", **options})


def test_a_rule_whose_answers_are_not_finite_is_refused(data):
    rule = Table()
    rule.predict = lambda x: np.full_like(x, np.nan)
    with pytest.raises(InputError, match="finite"):
        learn_pass(rule, data, PLAN, 0, "pass")


def test_a_task_without_test_rows_is_refused(data):
    few = replace(data, test=data.test.take(2))
    with pytest.raises(InputError, match="the task of classes 0 of fake has no test rows"):
        learn_classes(Table(), few, PLAN, 0, "classes", tasks=3)
