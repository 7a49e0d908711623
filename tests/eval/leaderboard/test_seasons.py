"""Seasons of the challenge track in the store, on SQLite and on a real PostgreSQL."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from sqlalchemy import text

from eval.leaderboard.database import Database
from eval.leaderboard.entries import MAX_NAME_ENTRIES
from eval.leaderboard.migrations import migrate
from eval.leaderboard.receipts import NO_RECEIPT, SCORE, Place, verify_log
from eval.leaderboard.store import Store
from eval.leaderboard.submission import Submission
from ld_data.errors import DuplicateError, FullError, InputError, IntegrityError, UnknownNameError
from tests.eval.leaderboard.test_store import SCORE as A_SCORE
from tests.eval.leaderboard.test_store import make_verdict, read_lines

VERSION = ("ld-a-4", "5ha")


def make_secret_verdict(number=0, status="ranked", **changes):
    return replace(make_verdict(number, status, **changes), private=None)


@pytest.fixture
def store(place):
    store = Store(place)
    yield store
    store.close()


def names(store, season=None, **options):
    return [entry.receipt.values["submission"]["name"] for entry in store.entries(*VERSION, season=season, **options)]


def test_a_season_is_opened_once_for_all_stores_of_a_database(store, place):
    again = Store(place)
    with ThreadPoolExecutor(4) as pool:
        seasons = set(pool.map(lambda i: (store, again)[i % 2].open_season(*VERSION, 50), range(8)))
    again.close()
    assert len(seasons) == 1
    (season,) = seasons
    assert (season.number, season.rows, season.closed_at) == (1, 50, None)
    assert len(bytes.fromhex(season.secret)) * 8 >= 95
    assert season.secret_sha256 == sha256(season.secret.encode()).hexdigest()


def test_an_open_season_tells_its_hash_and_not_its_secret(store):
    season = store.open_season(*VERSION, 50)
    store.add(Submission("a"), make_secret_verdict(), season)
    told = repr(season) + json.dumps(season.to_json()) + str(b"".join(store.read_log()))
    assert season.secret not in told
    assert season.secret_sha256 in told


def test_releases_and_their_versions_have_secrets_of_their_own(store):
    seasons = [store.open_season(*version, 50) for version in (VERSION, ("ld-a-4", "other"), ("ld-b-4", "5ha"))]
    assert [season.number for season in seasons] == [1, 1, 1]
    assert len({season.secret for season in seasons}) == 3


def test_the_tracks_are_ranked_apart_and_the_same_predictions_may_be_on_both(store):
    season = store.open_season(*VERSION, 50)
    store.add(Submission("public"), make_verdict(1))
    entry = store.add(Submission("secret"), make_secret_verdict(1), season)
    assert names(store) == ["public"]
    assert store.entries(*VERSION, season=season) == [entry]
    with pytest.raises(DuplicateError, match="entry 2 already"):
        store.add(Submission("again"), make_secret_verdict(1), season)
    body = entry.to_json()
    assert (body["track"], body["season"]) == ("challenge", 1)
    assert "private" not in body
    assert entry.receipt.values["secret_sha256"] == season.secret_sha256


def test_closing_reveals_the_secret_in_the_log_and_the_next_season_is_another(store):
    season = store.open_season(*VERSION, 50)
    store.add(Submission("a"), make_secret_verdict(), season)
    receipt = store.close_season(*VERSION)
    assert receipt.values["secret"] == season.secret
    assert verify_log(read_lines(store), store.head()).seasons == 1
    following = store.open_season(*VERSION, 60)
    assert (following.number, following.rows) == (2, 60)
    assert following.secret != season.secret
    assert store.entries(*VERSION, season=following) == []
    store.add(Submission("the same in another season"), make_secret_verdict(), following)
    assert [each.closed_at is None for each in store.list_seasons(*VERSION)] == [False, True]
    assert names(store, store.list_seasons(*VERSION)[0]) == ["a"]
    assert verify_log(read_lines(store), store.head()).scores == 2


def test_a_secret_that_was_edited_in_the_log_is_caught(store):
    season = store.open_season(*VERSION, 50)
    store.add(Submission("a"), make_secret_verdict(), season)
    store.close_season(*VERSION)
    lines = read_lines(store)
    lines[1] = lines[1].replace(season.secret.encode(), b"0" * len(season.secret))
    with pytest.raises(IntegrityError, match="line 2 of the log is wrong: the secret"):
        verify_log(lines)


def test_what_comes_after_the_end_of_a_season_is_refused(store):
    season = store.open_season(*VERSION, 50)
    store.close_season(*VERSION)
    with pytest.raises(InputError, match="was closed before"):
        store.add(Submission("late"), make_secret_verdict(), season)
    with pytest.raises(UnknownNameError, match="no open season"):
        store.close_season(*VERSION)
    assert len(read_lines(store)) == 1


def test_a_name_has_so_many_submissions_in_a_season_and_others_have_theirs(store):
    season = store.open_season(*VERSION, 50)
    for number in range(MAX_NAME_ENTRIES):
        store.add(Submission("eager"), make_secret_verdict(number), season)
    with pytest.raises(FullError, match="20 submissions under one name"):
        store.add(Submission("eager"), make_secret_verdict(99), season)
    store.add(Submission("another"), make_secret_verdict(99), season)
    store.add(Submission("eager"), make_verdict(99))
    store.close_season(*VERSION)
    store.add(Submission("eager"), make_secret_verdict(99), store.open_season(*VERSION, 50))


def test_a_challenge_entry_is_removed_as_any_other(store):
    season = store.open_season(*VERSION, 50)
    store.add(Submission("a"), make_secret_verdict(), season)
    store.remove("ld-a-4", 1, "a test")
    assert names(store, season) == []
    assert verify_log(read_lines(store), store.head()).scores == 0


def test_ranks_are_those_of_the_best_ranked_entry_of_a_name_and_url(store):
    rows = [
        ("a", "", 0.3, "ranked"),
        ("b", "", 0.2, "ranked"),
        ("a", "", 0.1, "ranked"),
        ("a", "http://c", 0.4, "ranked"),
    ]
    rows += [("b", "", 0.01, "suspect")]
    public = [
        store.add(Submission(name, url), make_verdict(number, status, noise_free_mse=error))
        for number, (name, url, error, status) in enumerate(rows)
    ]
    assert [store.find_rank(entry) for entry in public] == [3, 2, 1, 4, None]
    assert store.rank_names(*VERSION, ["a", "b", "nobody"]) == {("a", ""): 1, ("b", ""): 2, ("a", "http://c"): 4}
    assert store.rank_names(*VERSION, []) == {}
    season = store.open_season(*VERSION, 50)
    entries = [
        store.add(Submission("x"), make_secret_verdict(number, status, noise_free_mse=error), season)
        for number, (_, _, error, status) in enumerate([*rows, rows[1]])
    ]
    assert [store.find_rank(entry, season) for entry in entries] == [4, 2, 1, 5, None, 3]


def test_a_store_of_the_time_before_seasons_keeps_its_entries_as_public_ones(place, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("eval.leaderboard.migrations.migrate", lambda connection: migrate(connection, "0001"))
        old = Database(place)
    predictions = np.zeros((2, 4), np.float32)
    submission = {"name": "old ä", "url": "https://a.b", "description": ""}
    values = {
        "release": "ld-a-4",
        "data_sha256": "5ha",
        "predictions_sha256": "p",
        "submission": submission,
        "score": A_SCORE.to_json(),
        "status": "ranked",
        "private": None,
        "ceiling": None,
    }
    receipt = Place(1, NO_RECEIPT, "2026-01-01T00:00:00+00:00").make_receipt(SCORE, values)
    with old.write() as connection:
        for statement, row in (
            ("INSERT INTO receipts VALUES (1, :sha256, :text)", {"sha256": receipt.sha256, "text": receipt.text}),
            ("INSERT INTO predictions VALUES ('p', 2, :bytes)", {"bytes": predictions.tobytes()}),
            ("INSERT INTO entries VALUES (1, 'ld-a-4', '5ha', 'p', 'ranked', 0.5)", {}),
        ):
            connection.execute(text(statement), row)
    old.close()
    store = Store(place)
    (entry,) = store.entries(*VERSION)
    assert (entry.to_json()["name"], entry.to_json()["track"]) == ("old ä", "public")
    assert store.rank_names(*VERSION, ["old ä"]) == {("old ä", "https://a.b"): 1}
    store.add(Submission("new"), make_verdict(1))
    store.add(Submission("secret"), make_secret_verdict(1), store.open_season(*VERSION, 50))
    assert sorted(names(store)) == ["new", "old ä"]
    assert verify_log(read_lines(store), store.head()).scores == 3
    store.close()
