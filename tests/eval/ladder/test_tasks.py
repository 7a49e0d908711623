from dataclasses import replace

import numpy as np
import pytest

from eval import evaluate
from eval.ladder import make_ladder
from eval.ladder.tasks import LOW_RANK
from ld_data.errors import InputError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source

LINEAR = ["identity", "permutation", "rotation", "low rank"]
MAPS = [*LINEAR, "teacher"]
CLASSES = ["classes, noise 0", "classes, noise 0.25", "classes, noise 0.5", "classes, noise 1"]
TWISTED = ["twist-4", "twist-16"]


def test_the_tasks_have_the_shapes_of_the_data(data, tasks):
    assert list(tasks) == MAPS + CLASSES + TWISTED
    for task in tasks.values():
        assert task.y_train.shape == data.train.y.shape
        assert task.y_test.shape == task.y_best.shape == data.test.y.shape
        assert task.y_train.dtype == task.y_test.dtype == np.float32
        assert task.ability


def test_the_maps_have_the_promised_variance(tasks):
    for name in ("identity", "permutation", "rotation", "teacher"):
        assert tasks[name].y_train.var(axis=0) == pytest.approx(1, abs=0.1)
        assert tasks[name].null_errors.mean() == pytest.approx(1, abs=0.05)
    assert tasks["teacher"].y_train.mean(axis=0) == pytest.approx(0, abs=1e-5)
    spread = np.linalg.eigvalsh(np.cov(tasks["low rank"].y_train.T))[::-1]
    assert spread[:LOW_RANK] == pytest.approx(1, abs=0.15)
    assert spread[LOW_RANK:] == pytest.approx(0, abs=1e-6)
    assert tasks["low rank"].null_errors.mean() == pytest.approx(LOW_RANK / 32, abs=0.02)


def test_each_map_is_what_its_name_says(data, tasks):
    x, y = data.test.x, {name: task.y_test for name, task in tasks.items()}
    assert np.array_equal(y["identity"], x)
    assert not np.array_equal(y["permutation"], x)
    assert np.array_equal(np.sort(y["permutation"], axis=1), np.sort(x, axis=1))
    assert np.allclose(np.linalg.norm(y["rotation"], axis=1), np.linalg.norm(x, axis=1), rtol=1e-5)
    assert np.abs(np.corrcoef(x.T, y["rotation"].T)[:32, 32:]).max() < 0.9
    assert np.linalg.matrix_rank(y["low rank"], tol=1e-2) == LOW_RANK


def test_the_maps_are_functions_of_x_and_so_of_no_split(data, tasks):
    """They stay the same when train and test swap, except the teacher, which is standardised on train."""
    turned = {task.name: task for task in make_ladder(replace(data, train=data.test, test=data.train))}
    for name in LINEAR:
        assert np.allclose(turned[name].y_train, tasks[name].y_test, atol=1e-6)


def test_the_class_maps_dial_in_the_noise_of_the_dataset(data, tasks):
    mean = data.class_mean[data.test.label]
    assert np.array_equal(tasks["classes, noise 0"].y_test, mean)
    assert np.array_equal(tasks["classes, noise 1"].y_test, data.test.y)
    assert np.array_equal(tasks["classes, noise 1"].y_train, data.train.y)
    score = evaluate(mean, data)
    for scale in (0, 0.25, 0.5, 1):
        assert tasks[f"classes, noise {scale:g}"].best_errors.mean() == pytest.approx(scale**2 * score.floor, rel=1e-5)
    assert tasks["classes, noise 1"].null_errors.mean() == score.null


def test_twists_change_x_alone(data):
    for task in make_ladder(data, twists=(0, 8, 32)):
        twisted = task.apply_to(data)
        for split, own in ((data.train, twisted.train), (data.test, twisted.test)):
            assert np.array_equal(own.y, split.y)
            assert own.x.dtype == np.float32
            assert np.allclose(np.linalg.norm(own.x, axis=1), np.linalg.norm(split.x, axis=1), rtol=1e-5)
        assert np.array_equal(twisted.test.x, data.test.x) == (task.name == "twist-0")
        score = evaluate(data.class_mean[data.test.label], twisted)
        assert (score.mse, score.null) == (
            score.floor,
            evaluate(data.train.y.mean(axis=0) + 0 * data.test.y, data).null,
        )


def test_the_ladder_of_two_components_has_no_twists():
    source = make_dataset(make_source(60, 30), FakeCodec(), "fake", seed=0)
    splits = {name: replace(getattr(source, name), x=getattr(source, name).x[:, :2]) for name in ("train", "test")}
    flat = replace(source, **splits, class_weight=source.class_weight[:2])
    assert not {task.name for task in make_ladder(flat)} & set(TWISTED)
    with pytest.raises(InputError, match="a twist needs 3 components of x"):
        make_ladder(flat, twists=(1,))


def test_the_same_seed_makes_the_same_ladder_and_another_seed_another(data, tasks):
    again, other = make_ladder(data), {task.name: task for task in make_ladder(data, seed=1)}
    for task in again:
        assert np.array_equal(task.y_train, tasks[task.name].y_train)
        assert np.array_equal(task.y_test, tasks[task.name].y_test)
    for name in MAPS[1:]:
        assert not np.allclose(other[name].y_test, tasks[name].y_test, atol=0.1)
    with pytest.raises(InputError, match="seed must be"):
        make_ladder(data, seed=-1)
