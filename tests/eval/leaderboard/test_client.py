"""Requests to the leaderboard of a real server on loopback."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from fastapi import FastAPI

import ld_data
from api.app import make_app
from eval import evaluate, evaluate_seeds
from eval.leaderboard.client import fetch_leaderboard, submit, submit_challenge
from eval.leaderboard.store import Store
from eval.leaderboard.submission import Submission
from eval.leaderboard.tokens import Tokens
from ld_data.errors import InputError, SubmissionError
from tests.support.servers import Answer, serve, serve_answers

UNREACHABLE = "http://127.0.0.1:9"
PAGE = Answer(200, b"<html>")


@pytest.fixture
def store(empty_store, tmp_path):
    return Store(shutil.copy(empty_store, tmp_path / "scores.sqlite"))


@pytest.fixture
def service(catalogue, store):
    with serve(make_app(catalogue, store)) as address:
        yield address


@pytest.mark.slow
def test_evaluate_submits_and_the_score_is_listed(service):
    data = ld_data.load("fake-4")

    def model(x):
        return data.class_mean[np.argmax(x[:, :3], axis=1)]

    score = evaluate(model, "fake-4", submit_to=service, name="my model", url="https://a.b", description="it argmaxes")
    (entry,) = fetch_leaderboard(service, "fake-4")["scores"]
    assert (entry["name"], entry["url"], entry["description"]) == ("my model", "https://a.b", "it argmaxes")
    assert entry["mse"] == pytest.approx(score.mse)
    assert entry["skill"] == pytest.approx(score.skill)
    assert entry.items() <= score.entry.items()
    assert f"accepted, rank 1; receipt 1, sha256 {entry['receipt_sha256']}" in str(score)


@pytest.mark.slow
def test_evaluate_submits_all_facts_to_the_service_of_the_environment(service, monkeypatch):
    monkeypatch.setenv("LD_DATA_SERVICE", service)
    data, facts = ld_data.load("fake-4"), {"learning_rule": "Hebb", "parameters": np.int64(12), "seconds": 0.5}
    entry = evaluate(0.9 * data.test.x, data, submit_to=True, name="mine", **facts).entry
    assert {name: entry[name] for name in facts} == facts
    with pytest.raises(InputError, match=r"parameters must be an integer; received 1\.5"):
        evaluate(data.test.x, data, submit_to=True, name="mine", parameters=1.5)


def test_an_error_of_the_service_holds_the_score(release):
    data = ld_data.load("fake-4")
    with pytest.raises(SubmissionError, match="no answer") as caught:
        evaluate(data.test.x, data, submit_to=UNREACHABLE, name="a")
    assert caught.value.score == evaluate(data.test.x, data)
    assert str(caught.value.score) in caught.value.__notes__[0]


@pytest.mark.slow
def test_a_user_without_a_home_submits(no_home, service, release):
    data = ld_data.load(release)
    assert evaluate(data.test.x, data, submit_to=service, name="a").entry["name"] == "a"


def test_an_address_or_a_setting_that_cannot_work_is_refused_before_the_work(release, monkeypatch):
    worked = []
    for address in ("example.org", "http://example.org"):
        monkeypatch.setenv("ALL_PROXY", "ftp://a")
        with pytest.raises(InputError, match=r"ALL_PROXY|http or https address"):
            evaluate(worked.append, "fake-4", submit_to=address, name="a")
    assert not worked


def test_an_answer_that_is_not_an_entry_is_reported(release):
    data = ld_data.load("fake-4")
    app = FastAPI()
    app.post("/v1/datasets/fake-4/scores")(lambda: {"ok": True})
    with serve(app) as address, pytest.raises(SubmissionError, match="did not answer with an entry"):
        submit(address, data, data.test.x, Submission("a"))


def test_the_reason_for_a_refusal_reaches_the_author(service):
    data = ld_data.load("fake-4")
    with pytest.raises(SubmissionError, match=r"answered 422.*below the floor"):
        submit(service, data, data.test.y, Submission("copy"))
    with pytest.raises(SubmissionError, match=r"answered 404.*Known: fake-4"):
        submit(service, replace(data, name="nope"), data.test.y, Submission("a"))
    assert fetch_leaderboard(service, "fake-4")["scores"] == []


def test_facts_and_the_token_of_the_environment_reach_the_service(catalogue, store, monkeypatch):
    data = ld_data.load("fake-4")
    predictions = data.class_mean[data.test.label] + 0.1
    submission = Submission("a", parameters=0, seconds=0.5, learning_rule="Hebb")
    with serve(make_app(catalogue, store, tokens=Tokens("let-me-in"))) as address:
        with pytest.raises(SubmissionError, match=r"answered 401.*LD_DATA_SUBMIT_TOKEN"):
            submit(address, data, predictions, submission)
        monkeypatch.setenv("LD_DATA_SUBMIT_TOKEN", "let-me-in")
        entry = submit(address, data, predictions, submission)
    assert (entry["parameters"], entry["seconds"], entry["learning_rule"]) == (0, 0.5, "Hebb")


def test_predictions_for_another_version_are_refused(service):
    data = ld_data.load("fake-4")
    other = replace(data, test=replace(data.test, y=data.test.y + 1))
    with pytest.raises(SubmissionError, match=r"answered 422.*another version"):
        submit(service, other, data.class_mean[data.test.label], Submission("a"))


def test_a_submission_without_a_name_is_refused_before_it_is_sent(release):
    data = ld_data.load("fake-4")
    with pytest.raises(InputError, match="needs a name"):
        evaluate(data.test.x, data, submit_to=UNREACHABLE)


@pytest.mark.parametrize(
    ("address", "error", "words"),
    [
        (UNREACHABLE, SubmissionError, "make serve"),
        ("localhost:8000", InputError, "http or https"),
        ("http://[", InputError, "http or https"),
        ("http://a:b", InputError, "http or https"),
    ],
)
def test_a_missing_service_is_a_readable_error(release, address, error, words):
    data = ld_data.load("fake-4")
    with pytest.raises(error, match=words):
        submit(address, data, data.test.x, Submission("a"))
    with pytest.raises(error, match=words):
        fetch_leaderboard(address, "fake-4")


def test_an_answer_that_is_not_json_is_a_readable_error():
    with (
        serve_answers(lambda asked: PAGE) as (address, _),
        pytest.raises(SubmissionError, match="not an LD-Data service"),
    ):
        fetch_leaderboard(address, "fake-4")


@pytest.mark.slow
def test_a_name_is_kept_for_its_first_user(service, monkeypatch, tmp_path, cache):
    data = ld_data.load("fake-4")
    guess = data.class_mean[data.test.label]
    evaluate(0.9 * guess, data, submit_to=service, name="Mine")
    entry = evaluate(0.8 * guess, data, submit_to=f"{service}/", name=" mine").entry
    assert (entry["rank"], entry["owner_secret"]) == (2, "")
    (file,) = (cache / "owners").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("LD_DATA_CACHE", str(tmp_path / "of another user"))
    with pytest.raises(SubmissionError, match=r"answered 403.*belongs to the user who submitted under it first"):
        evaluate(0.7 * guess, data, submit_to=service, name="mine")


@pytest.mark.slow
def test_without_a_cache_folder_the_entry_holds_the_secret(service, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LD_DATA_CACHE", str(tmp_path / "file"))
    data = ld_data.load("fake-4")
    score = evaluate(data.class_mean[data.test.label], data, submit_to=service, name="mine")
    assert len(score.entry["owner_secret"]) > 40
    assert f"keep {score.entry['owner_secret']}" in str(score)


def test_a_challenge_without_its_x_is_refused_before_it_is_sent():
    with pytest.raises(InputError, match="must name their x"):
        submit_challenge(UNREACHABLE, "fake-4", np.zeros((2, 4)), Submission("a"))


def fit(x, y, seed):
    """Least squares on random rows."""
    rows = np.random.default_rng(seed).choice(len(x), len(x) // 2, replace=False)
    weights = np.linalg.lstsq(x[rows], y[rows])[0]
    return lambda x: x @ weights


def test_the_seeds_of_a_rule_are_submitted_as_one_entry(service):
    facts = {"name": "my rule", "learning_rule": "least squares", "parameters": 16}
    summary = evaluate_seeds(fit, "fake-4", seeds=4, submit_to=service, **facts)
    (entry,) = fetch_leaderboard(service, "fake-4")["scores"]
    assert (entry["seeds"], entry["parameters"], summary.n) == (4, 16, 4)
    assert entry.items() <= summary.entry.items()
    for name in ("mse", "skill", "noise_free_mse", "decoded_accuracy"):
        assert entry[name] == pytest.approx(getattr(summary, name).mean)
    assert str(summary).splitlines()[-1].startswith("  leaderboard       accepted, rank 1; receipt 1, sha256 ")
    assert evaluate_seeds(fit, "fake-4", seeds=1, submit_to=service, **facts).entry["seeds"] == 1


def test_seeds_that_cannot_be_submitted_are_refused_before_the_first_fit(release, monkeypatch):
    cases = (
        ({"submit_to": UNREACHABLE, "seeds": 2, "name": "a"}, "3 to 10 seeds .* received 2"),
        ({"submit_to": UNREACHABLE, "seeds": range(11), "name": "a"}, "received 11"),
        ({"submit_to": UNREACHABLE}, "needs a name"),
        ({"submit_to": "example.org", "name": "a"}, "http or https"),
        ({"name": "a", "url": None}, "name would go to a leaderboard, and without submit_to nothing is submitted"),
    )
    for options, words in cases:
        with pytest.raises(InputError, match=words):
            evaluate_seeds(None, "fake-4", **options)


def test_a_refusal_of_seeds_that_repeat_each_other_holds_their_summary(service):
    with pytest.raises(SubmissionError, match="seeds 1 and 2 of 3 repeat each other") as caught:
        evaluate_seeds(lambda x, y, seed: fit(x, y, 0), "fake-4", submit_to=service, name="a")
    assert caught.value.score == evaluate_seeds(lambda x, y, seed: fit(x, y, 0), "fake-4")
