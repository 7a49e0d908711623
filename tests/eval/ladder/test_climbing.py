import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsRegressor

from eval import evaluate
from eval.ladder import climb, climb_task, describe_gaps, format_rungs, keep_rows, make_ladder
from eval.ladder.climbing import NOT_LEARNED
from eval.ladder.rotations import draw_twists, untwist
from eval.ladder.tasks import CLASSES_LEARNED, LEARNED
from ld_data.errors import InputError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source


@pytest.fixture(scope="module")
def data(data):
    """Fewer test rows: each climb of the ladder turns and predicts them several times."""
    return replace(data, test=data.test.take(2000))


@pytest.fixture(scope="module")
def rungs(data):
    return {rung.task: rung for rung in climb(answer_the_mean, keep_rows(data, 10))}


def fit_least_squares(x, y, seed):
    weight = np.linalg.lstsq(_with_ones(x), y)[0]
    return lambda x: _with_ones(x) @ weight


def _with_ones(x):
    return np.hstack([x.astype(np.float64), np.ones((len(x), 1))])


def answer_the_mean(x, y, seed):
    return lambda x: np.tile(y.mean(axis=0), (len(x), 1))


def fit_nearest_neighbour(x, y, seed):
    return KNeighborsRegressor(1).fit(x, y)


def words(rungs):
    return {rung.task: rung.word for rung in rungs}


def test_the_best_answers_have_skill_1(data, tasks):
    best = {task.y_train.tobytes(): task.y_best for task in tasks.values()}
    for rung in climb(lambda x, y, seed: _Answers(best[y.tobytes()]), data):
        assert rung.skill == pytest.approx(1, abs=1e-9)
        assert rung.mse == rung.optimum
        assert rung.word == "learned"
        assert rung.optimum == 0 or rung.task.startswith(("classes", "twist"))


class _Answers:
    """Given answers, row by row in the order of the batches."""

    def __init__(self, answers):
        self.answers, self.start = answers, 0

    def predict(self, x):
        self.start += len(x)
        return self.answers[self.start - len(x) : self.start]


def test_the_mean_has_skill_0_on_every_task(data):
    for rung in climb(answer_the_mean, data):
        assert rung.skill == pytest.approx(0, abs=1e-5)
        assert rung.mse == pytest.approx(rung.null)
        assert rung.word == "not"


@pytest.mark.slow
def test_least_squares_learns_the_linear_tasks_and_no_others(data):
    rungs = climb(fit_least_squares, data)
    assert [rung.task for rung in rungs if rung.word == "learned"] == [
        "identity",
        "permutation",
        "rotation",
        "low rank",
    ]
    assert describe_gaps("it", rungs) == (
        "it lacks these abilities first: to follow a smooth nonlinear map (partly); "
        "to tell the class, without noise (not); and 5 more."
    )


def test_a_linear_model_loses_by_twists_what_their_inverse_gives_back(data):
    skills = [rung.skill for rung in climb(fit_least_squares, data, twists=(0, 8, 32))]
    assert skills[0] == pytest.approx(evaluate(fit_least_squares(data.train.x, data.train.y, 0), data).skill)
    assert skills[0] - 0.05 > skills[1] > skills[2] + 0.05
    twists = draw_twists(32, 32)

    def fit(x, y, seed):
        model = fit_least_squares(untwist(x, twists), y, seed)
        return lambda x: model(untwist(x, twists))

    assert climb(fit, data, twists=(32,))[0].skill == pytest.approx(skills[0], abs=1e-4)


@pytest.mark.slow
def test_a_memoriser_learns_nothing_and_noise_makes_it_worse_than_the_null(data):
    rungs = climb(fit_nearest_neighbour, data)
    assert set(words(rungs).values()) == {"not"}
    assert rungs[-1].skill < -5


@pytest.mark.slow
def test_the_noisiest_class_map_is_scored_as_the_dataset_itself(data):
    last = next(rung for rung in climb(fit_least_squares, data) if rung.task == "classes, noise 1")
    score = evaluate(fit_least_squares(data.train.x, data.train.y, 0), data)
    assert (last.mse, last.null, last.optimum) == pytest.approx((score.mse, score.null, score.floor))
    assert (last.skill, last.skill_standard_error) == pytest.approx((score.skill, score.skill_standard_error))


def test_any_release_has_a_ladder():
    """Also one of few dimensions: the low rank is half of them."""
    data = make_dataset(make_source(300, 100), FakeCodec(), "fake", seed=0)
    tasks = {task.name: task for task in make_ladder(data)}
    assert np.linalg.matrix_rank(tasks["low rank"].y_test, tol=1e-2) == 2
    assert words(climb(fit_least_squares, data))["rotation"] == "learned"


@pytest.mark.slow
def test_a_fit_gets_the_seed_and_arrays_of_its_own(data):
    seeds = []

    def fit(x, y, seed):
        seeds.append(seed)
        model = fit_least_squares(x, y, seed)
        x *= 0
        y *= 0
        return model

    few = keep_rows(data, 1000)
    before = few.train.x.copy(), few.train.y.copy()
    rungs = climb(fit, few, seed=3)
    assert seeds == [3] * len(rungs)
    assert rungs == climb(fit_least_squares, few, seed=3)
    assert np.array_equal(few.train.x, before[0])
    assert np.array_equal(few.train.y, before[1])


@pytest.mark.slow
def test_a_fit_of_datasets_climbs_the_same_ladder(data):
    few = keep_rows(data, 1000)
    labels = []

    def fit(task, seed):
        labels.append(task.train.label)
        return fit_least_squares(task.train.x, task.train.y, seed)

    rungs = [climb_task(fit, few, task, 0) for task in make_ladder(few)]
    assert rungs == climb(fit_least_squares, few)
    assert all(np.array_equal(label, few.train.label) for label in labels)


def test_a_fit_that_returns_no_model_is_refused(data):
    with pytest.raises(
        InputError, match="fit must return a function of x or an object with predict; returned NoneType"
    ):
        climb(lambda x, y, seed: None, data)


def test_an_exception_of_a_fit_names_the_task(data):
    def fit(x, y, seed):
        raise ArithmeticError("its own")

    with pytest.raises(ArithmeticError, match="its own") as caught:
        climb(fit, data)
    assert caught.value.__notes__ == ["raised while the model was fitted to ld-mnist-32, task identity, seed 0"]


@pytest.mark.parametrize(
    ("task", "skill", "word"),
    [
        ("identity", 1.0, "learned"),
        ("identity", LEARNED, "learned"),
        ("identity", 0.94, "partly"),
        ("identity", NOT_LEARNED, "partly"),
        ("identity", 0.49, "not"),
        ("identity", -3.0, "not"),
        ("classes, noise 1", CLASSES_LEARNED, "learned"),
        ("classes, noise 1", 0.84, "partly"),
    ],
)
def test_a_skill_has_a_word(rungs, task, skill, word):
    assert replace(rungs[task], skill=skill).word == word


def test_rungs_print_as_a_table_and_as_json(data):
    rungs = climb(answer_the_mean, keep_rows(data, 100))
    lines = format_rungs(rungs).splitlines()
    assert lines[0].split() == ["task", "ability", "skill"]
    assert [line.split()[0].rstrip(",") for line in lines[1:]] == [rung.task.split()[0].rstrip(",") for rung in rungs]
    assert json.loads(json.dumps(asdict(rungs[0])))["word"] == "not"
    learned = [replace(rung, skill=1.0) for rung in rungs]
    assert describe_gaps("it", learned) == "it lacks none of these abilities."
    assert describe_gaps("it", [*learned[:-1], rungs[-1]]).endswith("undo 16 twists of x, and tell the class (not).")


def test_fewer_rows_are_the_first_ones(data):
    few = keep_rows(data, 100)
    assert np.array_equal(few.train.x, data.train.x[:100])
    assert np.array_equal(few.train.label, data.train.label[:100])
    assert len(few.test) == len(data.test)
    assert len(keep_rows(data, 10**9).train) == len(data.train)
    with pytest.raises(InputError, match="rows must be from 2"):
        keep_rows(data, 1)
