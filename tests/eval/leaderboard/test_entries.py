from dataclasses import dataclass, replace

import pytest

from eval.leaderboard.entries import MAX_NAME_ENTRIES
from eval.leaderboard.receipts import verify_log
from eval.leaderboard.submission import Submission
from eval.score import Score
from ld_data.errors import DuplicateError, FullError
from tests.support.verdicts import SCORE, VERSION, list_names, make_secret_verdict, make_verdict, read_lines


@dataclass(frozen=True)
class LongerScore(Score):
    """A score with a field more."""

    news: tuple[float, ...] = (0.5, 1.0)


def test_a_score_with_new_fields_needs_no_other_table(store):
    store.add(Submission("before"), make_verdict(1))
    store.add(Submission("after"), replace(make_verdict(2), score=LongerScore(**vars(SCORE))))
    before, after = (entry.to_json() for entry in store.entries(*VERSION))
    assert "news" not in before
    assert after["news"] == [0.5, 1.0]
    assert verify_log(read_lines(store), store.head()).scores == 2


def test_entries_are_listed_by_noise_free_mse_and_then_by_age(store):
    for number, (name, error) in enumerate((("c", 0.3), ("a", 0.1), ("b", 0.2), ("a2", 0.1))):
        store.add(Submission(name), make_verdict(number, noise_free_mse=error))
    assert list_names(store) == ["a", "a2", "b", "c"]
    assert list_names(store, limit=2) == ["a", "a2"]


def test_suspects_are_listed_apart(store):
    store.add(Submission("honest"), make_verdict(0))
    store.add(Submission("cheat"), make_verdict(1, "suspect"))
    assert list_names(store) == ["honest"]
    assert list_names(store, status="suspect") == ["cheat"]


def test_the_tracks_are_ranked_apart_and_both_take_the_same_predictions(store):
    season = store.open_season(*VERSION, 50)
    store.add(Submission("public"), make_verdict(1))
    entry = store.add(Submission("secret"), make_secret_verdict(1), season)
    assert list_names(store) == ["public"]
    assert store.entries(*VERSION, season=season) == [entry]
    with pytest.raises(DuplicateError, match="entry 2 already"):
        store.add(Submission("again"), make_secret_verdict(1), season)
    body = entry.to_json()
    assert (body["track"], body["season"]) == ("challenge", 1)
    assert "private" not in body
    assert entry.receipt.values["secret_sha256"] == season.secret_sha256


def test_a_name_has_a_limit_of_submissions_in_each_season(store):
    season = store.open_season(*VERSION, 50)
    for number in range(MAX_NAME_ENTRIES):
        store.add(Submission("eager"), make_secret_verdict(number), season)
    with pytest.raises(FullError, match="at most 20 submissions under one name"):
        store.add(Submission("eager"), make_secret_verdict(99), season)
    store.add(Submission("another"), make_secret_verdict(99), season)
    store.add(Submission("eager"), make_verdict(99))
    store.close_season(*VERSION)
    store.add(Submission("eager"), make_secret_verdict(99), store.open_season(*VERSION, 50))


def test_ranks_are_those_of_the_best_ranked_entry_of_a_name_and_url(store):
    rows = [
        ("a", "", 0.3, "ranked"),
        ("b", "", 0.2, "ranked"),
        ("a", "", 0.1, "ranked"),
        ("a", "http://c", 0.4, "ranked"),
        ("b", "", 0.01, "suspect"),
    ]
    public = [
        store.add(Submission(name, url), make_verdict(number, status, noise_free_mse=error))
        for number, (name, url, error, status) in enumerate(rows)
    ]
    assert [store.find_rank(entry) for entry in public] == [3, 2, 1, 4, None]
    assert store.rank_names(*VERSION, ["a", "b", "unknown"]) == {("a", ""): 1, ("b", ""): 2, ("a", "http://c"): 4}
    assert store.rank_names(*VERSION, []) == {}
    season = store.open_season(*VERSION, 50)
    entries = [
        store.add(Submission("x"), make_secret_verdict(number, status, noise_free_mse=error), season)
        for number, (_, _, error, status) in enumerate([*rows, rows[1]])
    ]
    assert [store.find_rank(entry) for entry in entries] == [4, 2, 1, 5, None, 3]
