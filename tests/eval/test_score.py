import json
import math
from dataclasses import replace

import numpy as np
import pytest

import ld_data
from eval import evaluate
from eval.score import Score, score_predictions
from ld_data.errors import InputError, UnknownNameError
from ld_data.release.builder import make_dataset
from tests.support.fakes import SPREAD, FakeCodec, make_source


@pytest.fixture(scope="module")
def data():
    """Enough rows for figures to be compared with their closed forms."""
    return make_dataset(make_source(3000, 3000), FakeCodec(), "fake", seed=0)


def oracle(data):
    return data.class_mean[data.test.label]


def test_the_oracle_scores_the_floor(data):
    score = evaluate(oracle(data), data)
    assert score.mse == score.floor == pytest.approx(SPREAD**2, rel=0.05)
    assert score.skill == 1
    assert score.noise_free_mse == 0
    assert score.decoded_accuracy == 1
    assert not score.is_leak


def test_a_hopeless_score_is_told_in_short(data):
    score = evaluate(np.full(data.test.y.shape, 1e6), data)
    assert "MSE                      1.0e+12 +- " in str(score)
    assert max(map(len, str(score).splitlines())) < 60


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"name": "mine"}, "name would go"),
        ({"url": "https://a.b", "description": ""}, "url, description would go"),
    ],
)
def test_what_is_for_a_leaderboard_is_refused_where_nothing_is_submitted(data, texts, words):
    def model(x):
        raise AssertionError("it was asked")

    with pytest.raises(InputError, match=rf"^{words} to a leaderboard, and without submit_to nothing is submitted"):
        evaluate(model, data, **texts)


def test_the_mean_scores_the_null(data):
    mean = np.tile(data.train.y.mean(axis=0), (len(data.test), 1))
    score = evaluate(mean, data)
    assert score.mse == pytest.approx(score.null)
    assert score.skill == pytest.approx(0, abs=1e-6)
    assert score.null == pytest.approx(data.test.y.var(axis=0).mean(), rel=0.01)


def test_a_worse_model_has_a_higher_mse_and_a_lower_skill(data):
    random = np.random.default_rng(0)
    scores = [evaluate(oracle(data) + random.normal(0, s, data.test.y.shape), data) for s in (0.1, 0.5, 2.0)]
    assert [score.mse for score in scores] == sorted(score.mse for score in scores)
    assert [score.skill for score in scores] == sorted((score.skill for score in scores), reverse=True)
    for score, s in zip(scores, (0.1, 0.5, 2.0), strict=True):
        assert score.noise_free_mse == pytest.approx(s**2, rel=0.05)
        assert score.mse == pytest.approx(score.floor + s**2, rel=0.05)


def test_standard_errors_are_the_spread_over_redraws():
    """Many test sets of one model: the spread of its figures is what one score's standard errors say."""
    scores = []
    for seed in range(60):
        data = make_dataset(make_source(300, 300), FakeCodec(), "fake", seed=seed)
        scores.append(evaluate(oracle(data) + 0.3, data))
    for figure, error in (("mse", "standard_error"), ("skill", "skill_standard_error")):
        spread = np.std([getattr(score, figure) for score in scores], ddof=1)
        assert np.mean([getattr(score, error) for score in scores]) == pytest.approx(spread, rel=0.35)


def test_an_mse_below_the_floor_is_a_leak(data):
    assert evaluate(data.test.y, data).is_leak
    assert "check whether y leaked" in str(evaluate(data.test.y, data))
    assert evaluate(0.5 * data.test.y + 0.5 * oracle(data), data).is_leak


def test_callables_predictors_and_arrays_score_alike(data):
    class Predictor:
        def predict(self, x):
            return x * 0.5

    expected = evaluate(data.test.x * 0.5, data)
    assert evaluate(Predictor(), data) == expected
    assert evaluate(lambda x: (x * 0.5).tolist(), data) == expected
    assert evaluate(data.test.x.astype(np.float64) * 0.5, data) == expected


def test_a_release_is_scored_by_name(release):
    data = ld_data.load("fake-4")
    assert evaluate(oracle(data), "fake-4").release == "fake-4"
    with pytest.raises(UnknownNameError):
        evaluate(oracle(data), "nope")


def test_it_prints_as_a_small_table(data):
    text = str(evaluate(oracle(data), data))
    for word in ("fake, 3000 test rows", "MSE", "null", "floor", "skill", "noise-free", "decoded accuracy", "+-"):
        assert word in text


def test_each_class_has_an_accuracy_and_the_worst_is_shown(data):
    predictions = oracle(data).copy()
    members = np.flatnonzero(data.test.label == 2)
    predictions[members[: len(members) // 4]] = data.class_mean[0]
    score = evaluate(predictions, data)
    assert score.class_accuracy == (1.0, 1.0, 0.75)
    shares = np.bincount(data.test.label) / len(data.test)
    assert score.decoded_accuracy == pytest.approx(shares @ score.class_accuracy)
    assert "worst class              0.7500 (class 2)" in str(score)
    assert Score(**json.loads(json.dumps(score.to_json()))) == score


def test_a_class_without_test_rows_has_no_accuracy(data):
    rows = data.test.label != 1
    test = replace(data.test, x=data.test.x[rows], y=data.test.y[rows], label=data.test.label[rows])
    part = replace(data, test=test)
    score = evaluate(oracle(part), part)
    assert math.isnan(score.class_accuracy[1])
    assert score.to_json()["class_accuracy"] == [1.0, None, 1.0]
    assert Score(**score.to_json()) == score
    assert "worst class              1.0000 (class 0)" in str(score)


def test_a_model_is_fed_batches_of_the_size_asked_for(data):
    sizes = []

    def model(x):
        sizes.append(len(x))
        return x

    assert evaluate(model, data, batch_rows=1000) == evaluate(data.test.x, data)
    assert sizes == [1000, 1000, 1000]


def test_predictions_are_scored_from_a_file(data, tmp_path):
    np.save(tmp_path / "a.npy", oracle(data))
    assert evaluate(tmp_path / "a.npy", data) == evaluate(oracle(data), data)


@pytest.mark.parametrize(
    ("predictions", "reason"),
    [
        (np.zeros((2999, 4)), "one row for each of the 3000 test rows"),
        (np.zeros((3000, 5)), r"shape \(3000, 4\)"),
        (np.zeros(3000), r"shape \(3000, 4\)"),
        (np.full((3000, 4), np.nan), "finite"),
        (np.full((3000, 4), "a"), "numbers"),
    ],
)
def test_bad_predictions_are_refused_with_the_reason(data, predictions, reason):
    with pytest.raises(InputError, match=reason):
        score_predictions(predictions, data)
    with pytest.raises(InputError, match=reason):
        evaluate(lambda x: predictions, data)


def test_what_a_model_raises_is_not_hidden(data):
    def broken(x):
        raise ZeroDivisionError("the model's own")

    with pytest.raises(ZeroDivisionError, match="the model's own"):
        evaluate(broken, data)


@pytest.mark.parametrize("model", ["predictions.csv", None, object()])
def test_what_is_no_model_is_refused(data, model):
    with pytest.raises(InputError, match="model must be a function of x"):
        evaluate(model, data)


def test_swapped_arguments_are_told(data):
    with pytest.raises(InputError, match="The model comes first"):
        evaluate("ld-mnist-32", lambda x: x)
