import datetime
from dataclasses import replace

import numpy as np

import eval.leaderboard.store
from eval.leaderboard.receipts import NO_RECEIPT, verify_log
from eval.leaderboard.submission import Submission
from eval.score import Score
from tests.support.verdicts import VERSION, add, make_secret_verdict, make_verdict, read_lines

HEAD = "ee5966327a037c493c9bba92b1203b3d50a2406c866599c6eb3e22f8c5c1bc26"  # of the log of the test below
SCORE = Score("ld-a-4", "5ha", 30, 0.95, 0.01, 1.0, 0.9, 0.5, 0.02, 0.25, 0.875, (0.5, 1.0, float("nan")))


class Clock(datetime.datetime):
    """A clock that stands still."""

    year_now = 2026

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime(cls.year_now, 1, 2, 3, 4, 5, tzinfo=tz)


def test_receipts_of_every_kind_keep_their_canonical_texts(place, monkeypatch):
    """A change of any byte would make logs and receipts that users keep worthless."""
    monkeypatch.setattr("secrets.randbits", lambda bits: 2**bits // 3)
    monkeypatch.setattr("secrets.token_hex", lambda size: "ab" * size)
    monkeypatch.setattr("eval.leaderboard.store.SCORER", "ld-data test")
    monkeypatch.setattr("eval.leaderboard.store.datetime", Clock)

    def verdict(number, status="ranked", make=make_verdict):
        return replace(make(number, status), score=SCORE, predictions_sha256=f"{number:064d}")

    store = eval.leaderboard.store.Store(place)
    add(store, Submission("ä ≠ <b>", "https://a.b", "words", 12, 0.5, "Hebb"), verdict(1))
    add(store, Submission("b"), verdict(2, "suspect"))
    season = store.keep_x(store.open_season(*VERSION, 50), np.zeros((50, 4), np.float32), "a machine")
    for number in (3, 4):  # the second is held
        shown = verdict(number, make=make_secret_verdict)
        add(store, Submission("c"), replace(shown, trial=replace(shown.trial, shown=SCORE)), season)
    store.remove("ld-a-4", 2, "a test")
    store.close_season(*VERSION)
    assert store.head() == HEAD
    summary = verify_log(read_lines(store), HEAD)
    assert (summary.receipts, summary.scores, summary.removals, summary.seasons) == (8, 3, 1, 1)
    store.close()


def test_times_never_go_back(store, monkeypatch):
    monkeypatch.setattr("eval.leaderboard.store.datetime", Clock)
    times = []
    for number, year in enumerate((2026, 2025, 2027)):  # the clock is set back once
        monkeypatch.setattr(Clock, "year_now", year)
        times.append(add(store, Submission("a"), make_verdict(number)).receipt.values["time"])
    monkeypatch.setattr(Clock, "year_now", 2025)
    assert store.open_season(*VERSION, 50).opened_at == times[-1]
    assert store.close_season(*VERSION).values["closed_at"] == times[-1]
    assert [time[:4] for time in times] == ["2026", "2026", "2027"]


def test_the_log_is_read_page_by_page_as_it_was_at_the_start(store, monkeypatch):
    monkeypatch.setattr(eval.leaderboard.store, "PAGE_RECEIPTS", 3)
    for number in range(7):
        add(store, Submission("ä \u00a7"), make_verdict(number))
    chunks = store.read_log()
    first = next(chunks)
    add(store, Submission("meanwhile"), make_verdict(8))
    assert [chunk.count(b"\n") for chunk in (first, *chunks)] == [3, 3, 1]
    assert verify_log(read_lines(store), store.head()).receipts == 8


def test_an_empty_log_has_a_head_of_zeros(store):
    assert store.head() == NO_RECEIPT
    assert read_lines(store) == []


def test_the_log_holds_no_secret_of_an_open_season(store):
    season = store.open_season(*VERSION, 50)
    add(store, Submission("a"), make_secret_verdict(), season)
    log = b"".join(store.read_log())
    assert season.secret.encode() not in log
    assert season.secret_sha256.encode() in log
