"""The challenge track's answers in an open season: the best figures again, an x that is named, names with an owner."""

import csv
import io

import numpy as np
import pytest

from api.leaderboard.answers import AcceptedChallenge, ChallengeList
from eval.leaderboard.submission import OWNER_HEADER
from ld_data.sources import secret_draws
from ld_data.storage.hashing import hash_array
from tests.support import submissions
from tests.support.challenges import SCORES, close, dilute, fetch_x, make_client, post
from tests.support.fakes import generate, guess_classes
from tests.support.service import assert_error
from tests.support.submissions import SCORES as PUBLIC
from tests.support.submissions import assert_documented, make_predictions


@pytest.fixture(autouse=True)
def _fake_generator(monkeypatch):
    monkeypatch.setitem(secret_draws.GENERATORS, "fake", generate)


@pytest.fixture
def client(catalogue, store):
    return make_client(catalogue, store)


@pytest.mark.slow
def test_a_submission_that_is_no_better_repeats_the_best_figures(client, store):
    x = fetch_x(client)
    worst = post(client, np.zeros_like(x) - 1, name="worse than the null").json()
    assert (worst["status"], worst["rank"], worst["skill"]) == ("held", None, 0.0)
    best = post(client, dilute(guess_classes(x), 0.5), name="good").json()
    assert (best["status"], best["rank"], best["note"]) == ("ranked", 1, "")
    for share in (0.5 - 1e-6, 0.505, 0.1):
        held = post(client, dilute(guess_classes(x), share), name="no better").json()
        assert_documented(AcceptedChallenge, held)
        assert "whose figures are repeated here" in held["note"]
        figures = ("mse", "standard_error", "skill", "noise_free_mse", "decoded_accuracy", "class_accuracy")
        assert [held[figure] for figure in figures] == [best[figure] for figure in figures]
        assert "score" not in held["receipt"]
    board = client.get(SCORES).json()
    assert_documented(ChallengeList, board | {"secret": ""})
    assert [row["name"] for row in board["held"]] == ["worse than the null", *["no better"] * 3]
    rows = list(csv.DictReader(io.StringIO(client.get(f"{SCORES}?format=csv").text)))
    assert [(row["status"], row["mse"] == "") for row in rows] == [("ranked", False), *[("held", True)] * 4]
    assert "## Held" in client.get(f"{SCORES}?format=markdown").text
    close(store)
    board = client.get(f"{SCORES}?season=1").json()
    assert_documented(ChallengeList, board)
    names = [row["name"] for row in board["scores"]]
    assert (names, board["held"]) == (["no better", "good", *["no better"] * 2, "worse than the null"], [])
    assert board["scores"][0]["noise_free_mse"] < board["scores"][1]["noise_free_mse"]
    assert None not in board["scores"][0]["class_accuracy"]


def test_a_submission_names_its_x(client):
    x = fetch_x(client)
    body = submissions.post(client, guess_classes(x), address=SCORES)
    assert_error(body, 422, "invalid_input", "must name their x")
    assert post(client, x_sha256=hash_array(x)).status_code == 201
    assert_error(post(client, x_sha256="ab" * 32), 422, "invalid_input", "are for the x with the sha256 abab")


@pytest.mark.slow
def test_a_name_of_another_is_403(client):
    post(client, make_predictions(), PUBLIC, name="mine")
    for headers in ({OWNER_HEADER: ""}, {OWNER_HEADER: "a guess"}):
        assert_error(post(client, headers=headers, name="Mine "), 403, "not_owner", "belongs to the user")
    first = post(client, headers={OWNER_HEADER: ""}, name="new").json()
    assert len(first["owner_secret"]) > 40
    again = post(
        client, guess_classes(fetch_x(client)) + 0.1, headers={OWNER_HEADER: first["owner_secret"]}, name="new"
    )
    assert (again.status_code, again.json()["owner_secret"]) == (201, "")
