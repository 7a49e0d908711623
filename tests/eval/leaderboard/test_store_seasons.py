"""Seasons of the challenge track in the store, on SQLite and on a real PostgreSQL."""

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from eval.leaderboard.receipts import verify_log
from eval.leaderboard.store import Store
from eval.leaderboard.submission import Submission
from ld_data.errors import InputError, IntegrityError, UnknownNameError
from tests.support.verdicts import VERSION, add, list_names, make_secret_verdict, read_lines


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


def test_an_open_season_shows_its_hash_and_not_its_secret(store):
    season = store.open_season(*VERSION, 50)
    shown = repr(season) + json.dumps(season.to_json())
    assert season.secret not in shown
    assert season.secret_sha256 in shown


def test_releases_and_their_versions_have_secrets_of_their_own(store):
    seasons = [store.open_season(*version, 50) for version in (VERSION, ("ld-a-4", "other"), ("ld-b-4", "5ha"))]
    assert [season.number for season in seasons] == [1, 1, 1]
    assert len({season.secret for season in seasons}) == 3


def test_closing_reveals_the_secret_in_the_log_and_the_next_season_has_another(store):
    season = store.open_season(*VERSION, 50)
    add(store, Submission("a"), make_secret_verdict(), season)
    receipt = store.close_season(*VERSION)
    assert receipt.values["secret"] == season.secret
    assert verify_log(read_lines(store), store.head()).seasons == 1
    following = store.open_season(*VERSION, 60)
    assert (following.number, following.rows) == (2, 60)
    assert following.secret != season.secret
    assert store.entries(*VERSION, season=following) == []
    add(store, Submission("the same in another season"), make_secret_verdict(), following)
    assert [each.closed_at is None for each in store.list_seasons(*VERSION)] == [False, True]
    assert list_names(store, season=store.list_seasons(*VERSION)[0]) == ["a"]
    assert verify_log(read_lines(store), store.head()).scores == 2


def test_an_edited_secret_in_the_log_is_caught(store):
    season = store.open_season(*VERSION, 50)
    add(store, Submission("a"), make_secret_verdict(), season)
    store.close_season(*VERSION)
    lines = read_lines(store)
    lines[1] = lines[1].replace(season.secret.encode(), b"0" * len(season.secret))
    with pytest.raises(IntegrityError, match="line 2 of the log is wrong: the secret"):
        verify_log(lines)


def test_a_closed_season_takes_no_predictions_and_is_not_closed_again(store):
    season = store.open_season(*VERSION, 50)
    store.close_season(*VERSION)
    with pytest.raises(InputError, match="was closed before"):
        add(store, Submission("late"), make_secret_verdict(), season)
    with pytest.raises(UnknownNameError, match="no open season"):
        store.close_season(*VERSION)
    assert len(read_lines(store)) == 1


def test_a_challenge_entry_is_removed_as_any_other(store):
    season = store.open_season(*VERSION, 50)
    add(store, Submission("a"), make_secret_verdict(), season)
    store.remove("ld-a-4", 1, "a test")
    assert list_names(store, season=season) == []
    assert verify_log(read_lines(store), store.head()).scores == 0
