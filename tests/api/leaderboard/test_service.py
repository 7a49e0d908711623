"""The clients that may change the leaderboard: their tokens, and how often they may send."""

from dataclasses import replace

import pytest

from eval.leaderboard.tokens import Tokens
from tests.support.service import assert_error
from tests.support.submissions import LIMITS, REMOVE, SCORES, SUBMIT, list_names, make_client, make_predictions, post


@pytest.fixture
def guarded(catalogue, store):
    """A service that requires tokens."""
    return make_client(catalogue, store, tokens=Tokens("in", "out"))


def test_a_flood_of_one_client_is_429_with_a_time(catalogue, store):
    client = make_client(catalogue, store, replace(LIMITS, max_submissions=2))
    statuses = [post(client, make_predictions(0.1, seed)).status_code for seed in range(5)]
    assert statuses == [201, 201, 429, 429, 429]
    response = post(client)
    assert_error(response, 429, "rate_limited", "2 submissions")
    assert 1 <= int(response.headers["retry-after"]) <= 30
    assert client.get(SCORES).status_code == 200


def test_guesses_of_the_token_to_remove_are_limited(catalogue, store):
    client = make_client(catalogue, store, replace(LIMITS, max_submissions=2), Tokens("in", "out"))
    statuses = [client.delete(f"{SCORES}/1?reason=a", headers=SUBMIT).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_submitting_may_need_a_token(guarded):
    for headers in ({}, REMOVE, {"Authorization": "Bearer é".encode("latin-1")}):
        response = post(guarded, headers=headers)
        assert_error(response, 401, "unauthorized", "Authorization: Bearer")
        assert response.headers["www-authenticate"] == "Bearer"
    assert post(guarded, headers=SUBMIT).status_code == 201


def test_removing_needs_a_token(guarded):
    post(guarded, headers=SUBMIT)
    for headers in ({}, SUBMIT):
        assert_error(guarded.delete(f"{SCORES}/1?reason=a", headers=headers), 401, "unauthorized")
    assert list_names(guarded) == (["a model"], [])


def test_without_a_token_no_one_removes(catalogue, store):
    client = make_client(catalogue, store)
    post(client)
    for headers in ({}, {"Authorization": "Bearer "}):
        assert_error(client.delete(f"{SCORES}/1?reason=a", headers=headers), 403, "forbidden", "REMOVE_TOKEN")
    assert list_names(client) == (["a model"], [])
