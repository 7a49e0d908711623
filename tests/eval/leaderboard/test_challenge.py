from dataclasses import replace

import numpy as np
import pytest

import ld_data
from eval.leaderboard.challenge import check_x, draw_rows, verify_challenge
from eval.leaderboard.showing import round_to
from eval.predictions import check_predictions
from eval.score import score_predictions
from ld_data.errors import InputError, IntegrityError, LeakError
from ld_data.sources import secret_draws
from ld_data.storage.hashing import hash_array
from tests.support.fakes import D, FakeCodec, FakeY, K, generate, guess_classes
from tests.support.processes import end_process, start_process

ROWS = 300


@pytest.fixture(autouse=True)
def _fake_generator(monkeypatch):
    monkeypatch.setitem(secret_draws.GENERATORS, "fake", generate)


def test_the_secret_alone_determines_the_rows():
    first, again, other = (draw_rows(secret, "fake", FakeCodec(), 50) for secret in ("a", "a", "b"))
    for name in ("x", "y", "label"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))
    assert (first.x.shape, first.x.dtype, first.label.shape) == ((50, D), np.float32, (50,))


def send_rows(sender):
    secret_draws.GENERATORS["fake"] = generate
    rows = draw_rows("a", "fake", FakeCodec(), 50)
    sender.send([hash_array(rows.x), hash_array(rows.y)])


@pytest.mark.slow
def test_another_process_draws_the_same_rows():
    """It is another interpreter, with other hashes of strings."""
    process, answers = start_process(send_rows)
    assert end_process(process) == 0
    rows = draw_rows("a", "fake", FakeCodec(), 50)
    assert answers.recv() == [hash_array(rows.x), hash_array(rows.y)]


def test_x_and_y_draw_noise_of_their_own():
    rows = draw_rows("a", "fake", FakeCodec(), 5000)
    noise = rows.y - FakeY().class_mean[rows.label]
    residue = rows.x[:, K] - rows.x[:, K].mean()
    assert abs(np.corrcoef(residue, noise[:, K])[0, 1]) < 0.06


@pytest.fixture
def data(release):
    """The small release with the rows of a secret as its test rows."""
    return replace(ld_data.load("fake-4"), test=draw_rows("a", "fake", FakeCodec(), ROWS))


def verify(values, data):
    return verify_challenge(check_predictions(values, data), data)


def test_an_honest_model_is_ranked_between_null_and_floor(data):
    verdict = verify(guess_classes(data.test.x), data)
    assert verdict.status == "ranked"
    assert verdict.score.floor < verdict.score.mse < verdict.score.null
    assert verdict.private is None


def test_random_classes_score_below_the_null(data):
    verdict = verify(data.class_mean[np.random.default_rng(0).integers(K, size=ROWS)], data)
    assert verdict.status == "ranked"
    assert verdict.score.skill < 0


def test_predictions_made_from_y_are_refused_without_a_figure(data):
    for share in (1.0, 0.5):
        with pytest.raises(LeakError) as caught:
            verify(share * data.test.y + (1 - share) * data.class_mean[data.test.label], data)
        assert not any(letter.isdigit() for letter in str(caught.value))


def test_a_trial_holds_what_an_open_season_may_show(data):
    predictions = guess_classes(data.test.x)
    verdict, score = verify(predictions, data), score_predictions(predictions, data)
    trial = verdict.trial
    assert verdict.score == score
    assert trial.errors.mean() == pytest.approx(score.noise_free_mse)
    assert trial.null_errors.mean() == pytest.approx(trial.null.noise_free_mse, rel=0.1)
    assert trial.null.skill == 0
    assert trial.is_better(trial.null_errors)
    assert trial.shown.mse == round_to(score.mse, score.standard_error) != score.mse
    assert trial.shown.skill == round_to(score.skill, score.skill_standard_error)
    assert trial.shown.to_json()["class_accuracy"] == [None] * K


def test_rows_longer_than_any_y_are_refused(data):
    predictions = guess_classes(data.test.x)
    predictions[3] *= 1000
    with pytest.raises(InputError, match="row 3 has 4000"):
        verify(predictions, data)


def test_an_auditor_compares_x_within_what_processors_differ_by():
    rows = draw_rows("a", "fake", FakeCodec(), 50)
    assert check_x(rows.x + np.float32(5e-5), rows) == pytest.approx(5e-5, rel=0.1)
    for other in (rows.x + 0.002, rows.x[:-1], rows.x * np.nan, draw_rows("b", "fake", FakeCodec(), 50).x):
        with pytest.raises(IntegrityError, match="from that of the secret"):
            check_x(other, rows)
