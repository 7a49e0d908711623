import pytest

from eval.benchmark import costs, tasks
from ld_data.settings import CHECKPOINTS_VARIABLE
from tests.support.paths import CHECKPOINTS


@pytest.fixture(autouse=True)
def releases(monkeypatch):
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, str(CHECKPOINTS))


def test_all_tasks_have_a_name_that_the_command_knows():
    assert tuple(tasks.TASKS) == costs.TASKS


@pytest.mark.slow
def test_a_score_by_hand_is_that_of_evaluate():
    score, by_hand = (call() for call in tasks.evaluate())
    mse, error, skill, noise_free, accuracies = by_hand
    assert (mse, error, skill) == pytest.approx((score.mse, score.standard_error, score.skill))
    assert noise_free == pytest.approx(score.noise_free_mse)
    assert accuracies == pytest.approx(score.class_accuracy)


@pytest.mark.slow
def test_a_bootstrap_by_hand_is_that_of_compare():
    found, by_hand = (call() for call in tasks.compare())
    assert by_hand == pytest.approx((found.mse.low, found.mse.high), rel=0.05)


@pytest.mark.slow
def test_a_ladder_by_hand_is_that_of_climb():
    rungs, by_hand = (call() for call in tasks.ladder())
    assert by_hand == pytest.approx([rung.mse for rung in rungs], rel=1e-4)


@pytest.mark.slow
def test_arrays_by_hand_are_those_of_load():
    data, by_hand = (call() for call in tasks.load())
    assert all((by_hand[name] == array).all() for name, array in data.to_arrays().items())


def test_a_measured_call_is_made_again_until_it_lasted(monkeypatch):
    monkeypatch.setattr(tasks, "LEAST_SECONDS", 0.02)
    calls = []
    found = tasks.measure(lambda: calls.append(1))
    assert len(calls) == 1 + tasks.MOST_CALLS
    assert 0 <= found["processor"] < 0.1
    assert found["megabytes"] > 10
