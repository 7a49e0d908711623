import json
import math
from dataclasses import replace

import numpy as np
import pytest

from eval.score import Score, score_predictions
from ld_data.errors import InputError
from ld_data.release.writer import make_dataset
from tests.support.fakes import SPREAD, FakeCodec, make_source


@pytest.fixture(scope="module")
def data():
    """Enough rows to compare figures with their closed forms."""
    return make_dataset(make_source(3000, 3000), FakeCodec(), "fake", seed=0)


def oracle(data):
    return data.class_mean[data.test.label]


def test_the_oracle_scores_the_floor(data):
    score = score_predictions(oracle(data), data)
    assert score.mse == score.floor == pytest.approx(SPREAD**2, rel=0.05)
    assert score.skill == 1
    assert score.noise_free_mse == 0
    assert score.decoded_accuracy == 1
    assert not score.is_leak


def test_a_hopeless_score_prints_in_short(data):
    score = score_predictions(np.full(data.test.y.shape, 1e6), data)
    assert "MSE                      1.0e+12 +- " in str(score)
    assert max(map(len, str(score).splitlines())) < 60


def test_the_mean_scores_the_null(data):
    mean = np.tile(data.train.y.mean(axis=0), (len(data.test), 1))
    score = score_predictions(mean, data)
    assert score.mse == pytest.approx(score.null)
    assert score.skill == pytest.approx(0, abs=1e-6)
    assert score.null == pytest.approx(data.test.y.var(axis=0).mean(), rel=0.01)


def test_a_worse_model_has_a_higher_mse_and_a_lower_skill(data):
    random = np.random.default_rng(0)
    scores = [score_predictions(oracle(data) + random.normal(0, s, data.test.y.shape), data) for s in (0.1, 0.5, 2.0)]
    assert [score.mse for score in scores] == sorted(score.mse for score in scores)
    assert [score.skill for score in scores] == sorted((score.skill for score in scores), reverse=True)
    for score, s in zip(scores, (0.1, 0.5, 2.0), strict=True):
        assert score.noise_free_mse == pytest.approx(s**2, rel=0.05)
        assert score.mse == pytest.approx(score.floor + s**2, rel=0.05)


def test_standard_errors_are_the_spread_over_redraws():
    """Over many test sets of one model, its figures spread by the standard errors of one score."""
    scores = []
    for seed in range(60):
        data = make_dataset(make_source(300, 300), FakeCodec(), "fake", seed=seed)
        scores.append(score_predictions(oracle(data) + 0.3, data))
    for figure, error in (("mse", "standard_error"), ("skill", "skill_standard_error")):
        spread = np.std([getattr(score, figure) for score in scores], ddof=1)
        assert np.mean([getattr(score, error) for score in scores]) == pytest.approx(spread, rel=0.35)


def test_an_mse_below_the_floor_is_a_leak(data):
    assert score_predictions(data.test.y, data).is_leak
    assert "check whether y leaked" in str(score_predictions(data.test.y, data))
    assert score_predictions(0.5 * data.test.y + 0.5 * oracle(data), data).is_leak


def test_it_prints_as_a_small_table(data):
    text = str(score_predictions(oracle(data), data))
    for word in ("fake, 3000 test rows", "MSE", "null", "floor", "skill", "noise-free", "decoded accuracy", "+-"):
        assert word in text


def test_each_class_has_an_accuracy_and_the_worst_is_shown(data):
    predictions = oracle(data).copy()
    members = np.flatnonzero(data.test.label == 2)
    predictions[members[: len(members) // 4]] = data.class_mean[0]
    score = score_predictions(predictions, data)
    assert score.class_accuracy == (1.0, 1.0, 0.75)
    shares = np.bincount(data.test.label) / len(data.test)
    assert score.decoded_accuracy == pytest.approx(shares @ score.class_accuracy)
    assert "worst class              0.7500 (class 2)" in str(score)
    assert Score(**json.loads(json.dumps(score.to_json()))) == score


def test_a_class_without_test_rows_has_no_accuracy(data):
    rows = data.test.label != 1
    test = replace(data.test, x=data.test.x[rows], y=data.test.y[rows], label=data.test.label[rows])
    part = replace(data, test=test)
    score = score_predictions(oracle(part), part)
    assert math.isnan(score.class_accuracy[1])
    assert score.to_json()["class_accuracy"] == [1.0, None, 1.0]
    assert Score(**score.to_json()) == score
    assert "worst class              1.0000 (class 0)" in str(score)


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
