import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from eval.leaderboard import entries
from eval.leaderboard.receipts import verify_log
from eval.leaderboard.submission import Submission
from eval.score import Score
from ld_data.errors import DuplicateError, FullError, IntegrityError, OwnerError
from tests.support.verdicts import (
    INTERVALS,
    SCORE,
    VERSION,
    add,
    list_names,
    make_noisy_verdict,
    make_secret_verdict,
    make_verdict,
    read_lines,
    read_predictions,
)


@dataclass(frozen=True)
class LongerScore(Score):
    """A score with a field more."""

    news: tuple[float, ...] = (0.5, 1.0)


def test_a_score_with_new_fields_needs_no_other_table(store):
    add(store, Submission("before"), make_verdict(1))
    add(store, Submission("after"), replace(make_verdict(2), score=LongerScore(**vars(SCORE))))
    before, after = (entry.to_json() for entry in store.entries(*VERSION))
    assert "news" not in before
    assert after["news"] == [0.5, 1.0]
    assert verify_log(read_lines(store), store.head()).scores == 2


def test_entries_are_listed_by_noise_free_mse_and_then_by_age(store):
    for number, (name, error) in enumerate((("c", 0.3), ("a", 0.1), ("b", 0.2), ("a2", 0.1))):
        add(store, Submission(name), make_verdict(number, noise_free_mse=error))
    assert list_names(store) == ["a", "a2", "b", "c"]
    assert list_names(store, limit=2) == ["a", "a2"]


def test_suspects_are_listed_apart(store):
    add(store, Submission("honest"), make_verdict(0))
    add(store, Submission("cheat"), make_verdict(1, "suspect"))
    assert list_names(store) == ["honest"]
    assert list_names(store, status="suspect") == ["cheat"]


def test_the_tracks_are_ranked_apart_and_both_take_the_same_predictions(store):
    season = store.open_season(*VERSION, 50)
    add(store, Submission("public"), make_verdict(1))
    entry = add(store, Submission("secret"), make_secret_verdict(1), season)
    assert list_names(store) == ["public"]
    assert store.entries(*VERSION, season=season) == [entry]
    with pytest.raises(DuplicateError, match="entry 2 already"):
        add(store, Submission("again"), make_secret_verdict(1), season)
    body = entry.to_json()
    assert (body["track"], body["season"]) == ("challenge", 1)
    assert "private" not in body
    assert entry.receipt.values["secret_sha256"] == season.secret_sha256


def test_a_client_and_a_season_have_limits_of_submissions(store, monkeypatch):
    monkeypatch.setattr("eval.leaderboard.entries.MAX_CLIENT_ENTRIES", 2)
    monkeypatch.setattr("eval.leaderboard.entries.MAX_SEASON_ENTRIES", 3)
    season = store.open_season(*VERSION, 50)
    for number in range(2):
        add(store, Submission(f"eager {number}"), make_secret_verdict(number), season)
    with pytest.raises(FullError, match="at most 2 submissions from one address"):
        add(store, Submission("eager again"), make_secret_verdict(99), season)
    add(store, Submission("from elsewhere"), make_secret_verdict(99), season, client="there")
    with pytest.raises(FullError, match="holds 3 entries"):
        add(store, Submission("from elsewhere"), make_secret_verdict(98), season, client="far away")
    for number in range(4):
        add(store, Submission("public"), make_verdict(number))
    store.close_season(*VERSION)
    add(store, Submission("eager again"), make_secret_verdict(99), store.open_season(*VERSION, 50))


def test_a_name_belongs_to_the_secret_that_came_first_on_all_boards(store):
    mine = "My Model"
    assert add(store, Submission(mine), make_verdict(1)).owner_secret == ""
    season = store.open_season(*VERSION, 50)
    for name in (mine, "my model", " My  Model ", "\uff2d\uff39 Model"):
        for owner, words in (("", "had no secret"), ("of another", "had another secret")):
            with pytest.raises(OwnerError, match=words):
                add(store, Submission(name), make_verdict(2), owner=owner)
            with pytest.raises(OwnerError, match="LD-Data-Owner"):
                add(store, Submission(name), make_secret_verdict(2), season, owner=owner)
    add(store, Submission("my model"), make_secret_verdict(2), season)


def test_a_new_name_without_a_secret_gets_one_that_the_store_does_not_keep(store, tmp_path):
    secret = add(store, Submission("mine"), make_verdict(1), owner="").owner_secret
    assert len(secret) >= 40
    with pytest.raises(OwnerError):
        add(store, Submission("mine"), make_verdict(2), owner="")
    assert add(store, Submission("mine"), make_verdict(2), owner=secret).owner_secret == ""
    assert secret.encode() not in b"".join(read_lines(store))
    assert not any(secret.encode() in path.read_bytes() for path in tmp_path.iterdir())
    for number in (1, 2):
        store.remove("ld-a-4", number, "the name becomes free")
    add(store, Submission("mine"), make_verdict(3), owner="of another")


def test_an_open_season_shows_only_what_is_better_than_the_best_it_shows(store):
    season = store.open_season(*VERSION, 50)
    errors = (1.1, 0.5, 0.49, 0.6, 0.3)
    entries = [
        add(store, Submission(f"{error}"), make_secret_verdict(number, noise_free_mse=error), season)
        for number, error in enumerate(errors)
    ]
    assert [entry.status for entry in entries] == ["held", "ranked", "held", "held", "ranked"]
    assert [entry.best.get("noise_free_mse") for entry in entries] == [1.0, None, 0.5, 0.5, None]
    assert [entry.rank for entry in entries] == [None, 1, None, None, 1]
    assert [entry.rank for entry in store.entries(*VERSION, season=season)] == [1, 2]
    assert list_names(store, season=season) == ["0.3", "0.5"]
    held = store.entries(*VERSION, "held", season=season)
    assert [entry.receipt.number for entry in held] == [1, 3, 4]
    for entry in held:
        assert "score" not in entry.receipt.values
        assert "mse" not in entry.to_json()


def test_the_end_of_a_season_publishes_all_exact_figures(store):
    season = store.open_season(*VERSION, 50)
    for number, (error, status) in enumerate(((0.512345, "ranked"), (0.5, "ranked"), (0.51, "suspect"))):
        add(store, Submission(f"{error}"), make_secret_verdict(number, status, noise_free_mse=error), season)
    assert [entry.to_json()["noise_free_mse"] for entry in store.entries(*VERSION, season=season)] == [0.51]
    store.remove("ld-a-4", 2, "a test")
    store.close_season(*VERSION)
    (closed,) = store.list_seasons(*VERSION)
    assert store.entries(*VERSION, "held", season=closed) == []
    assert [entry.to_json()["noise_free_mse"] for entry in store.entries(*VERSION, season=closed)] == [0.512345]
    (suspect,) = store.entries(*VERSION, "suspect", season=closed)
    assert (suspect.to_json()["noise_free_mse"], suspect.to_json()["status"]) == (0.51, "suspect")
    results = [json.loads(line) for line in read_lines(store)[-2:]]
    assert [(result["kind"], result["entry"], result["score"]["noise_free_mse"]) for result in results] == [
        ("result", 1, 0.512345),
        ("result", 3, 0.51),
    ]
    assert verify_log(read_lines(store), store.head()).scores == 2
    forged = [*read_lines(store)[:-1], read_lines(store)[-1].replace(b'"entry":3', b'"entry":2')]
    with pytest.raises(IntegrityError, match="names 2 as entry"):
        verify_log(forged)


def test_ranks_are_those_of_the_best_ranked_entry_of_a_name_and_url(store):
    rows = [
        ("a", "", 0.3, "ranked"),
        ("b", "", 0.2, "ranked"),
        ("a", "", 0.1, "ranked"),
        ("a", "http://c", 0.4, "ranked"),
        ("b", "", 0.01, "suspect"),
    ]
    public = [
        add(store, Submission(name, url), make_verdict(number, status, noise_free_mse=error))
        for number, (name, url, error, status) in enumerate(rows)
    ]
    assert [entry.rank for entry in public] == [1, 1, 1, 4, None]
    assert [entry.rank for entry in store.entries(*VERSION)] == [1, 2, 3, 4]
    assert store.rank_names(*VERSION, ["a", "b", "unknown"]) == {("a", ""): 1, ("b", ""): 2, ("a", "http://c"): 4}
    assert store.rank_names(*VERSION, []) == {}
    season = store.open_season(*VERSION, 50)
    entries = [
        add(store, Submission("x"), make_secret_verdict(number, status, noise_free_mse=error), season)
        for number, (_, _, error, status) in enumerate([*rows, rows[1]])
    ]
    assert [entry.rank for entry in entries] == [1, 1, 1, None, None, None]


def list_ranks(store, **options):
    return {entry.receipt.values["submission"]["name"]: entry.rank for entry in store.entries(*VERSION, **options)}


def test_ranks_are_those_of_tie_groups_and_follow_each_change(store):
    """Four standard errors of a difference are 0.28 here."""
    entries = [
        add(store, Submission(name), make_noisy_verdict(number, mean))
        for number, (name, mean) in enumerate((("a", 0.5), ("b", 0.6), ("c", 1.0), ("d", 1.1)))
    ]
    assert [entry.rank for entry in entries] == [1, 1, 3, 3]
    assert list_ranks(store, limit=3) == {"a": 1, "b": 1, "c": 3}
    assert add(store, Submission("e"), make_noisy_verdict(4, 0.8)).rank == 3
    assert list_ranks(store) == {"a": 1, "b": 1, "e": 3, "c": 3, "d": 5}
    store.remove("ld-a-4", 1, "a test")
    assert list_ranks(store) == {"b": 1, "e": 1, "c": 3, "d": 3}
    assert store.rank_names(*VERSION, ["c"]) == {("c", ""): 3}


def test_seeds_that_spread_widely_belong_to_a_group_that_one_prediction_would_leave(store):
    add(store, Submission("best"), make_noisy_verdict(0, 0.5))
    one, spread, close = (
        make_noisy_verdict(n, 0.9 + n / 100, *seeds) for n, seeds in enumerate([(), (5, 0.1), (5, 0.01)], 1)
    )
    for name, verdict, rank in (("spread", spread, 1), ("one", one, 2), ("close", close, 2)):
        entry = add(store, Submission(name), verdict)
        assert entry.rank == rank, name
        store.remove("ld-a-4", entry.receipt.number, "to try another")


def test_an_entry_of_seeds_holds_the_figures_of_each_and_one_prediction_none(store):
    several = add(store, Submission("several"), make_noisy_verdict(0, 0.5, 3, 0.1)).to_json()
    assert several["seeds"] == 3
    assert [seed["noise_free_mse"] for seed in several["seed_scores"]] == pytest.approx([0.4, 0.5, 0.6])
    one = add(store, Submission("one"), make_noisy_verdict(1, 0.5)).to_json()
    assert (one["seeds"], one["seed_scores"], one["intervals"]["mse"]) == (1, [], [0.9, 1.0])
    assert read_predictions(store, several["predictions_sha256"]).shape == (3 * 2 * 4,)


def test_only_the_entries_of_a_list_have_ranks(store, monkeypatch):
    monkeypatch.setattr("eval.leaderboard.entries.MAX_RANKED", 2)
    ranks = [add(store, Submission("a"), make_verdict(n, noise_free_mse=(n + 1) / 10)).rank for n in range(3)]
    assert ranks == [1, 2, None]
    assert store.rank_names(*VERSION, ["a"]) == {("a", ""): 1}


def test_the_test_of_all_pairs_is_made_once_for_each_state_of_a_board(store, monkeypatch):
    computed = []
    rank_groups = entries.rank_groups
    monkeypatch.setattr(entries, "rank_groups", lambda *arrays: computed.append(1) or rank_groups(*arrays))
    add(store, Submission("a"), make_verdict(1))
    for limit in (1, 10):
        store.entries(*VERSION, limit=limit)
    assert len(computed) == 1
    add(store, Submission("a"), make_verdict(2, "suspect"))
    store.entries(*VERSION, "suspect")
    assert len(computed) == 1


def test_a_season_has_tie_groups_and_intervals_once_it_is_closed(store):
    """An open season shows an entry only if it is better than those before by the test of tie groups itself."""
    season = store.open_season(*VERSION, 50)
    for number, error in enumerate((0.5, 0.3, 0.29)):
        verdict = replace(make_secret_verdict(number, noise_free_mse=error), errors=error + make_rows(number))
        add(store, Submission(f"{error}"), verdict, season)
    assert list_ranks(store, season=season) == {"0.3": 1, "0.5": 2}
    assert {entry.to_json()["intervals"] for entry in store.entries(*VERSION, season=season)} == {None}
    assert b"interval" not in b"".join(read_lines(store))
    store.close_season(*VERSION)
    (closed,) = store.list_seasons(*VERSION)
    assert list_ranks(store, season=closed) == {"0.29": 1, "0.3": 1, "0.5": 3}
    assert store.entries(*VERSION, season=closed)[0].to_json()["intervals"] == {
        n: [*ends] for n, ends in INTERVALS.items()
    }


def make_rows(number):
    rows = np.random.default_rng(number).normal(0, 0.1, 50)
    return rows - rows.mean()
