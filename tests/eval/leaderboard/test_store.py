"""The store on SQLite and on a real PostgreSQL."""

import json
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from hashlib import sha256

import numpy as np
import pytest
from sqlalchemy import text

import eval.leaderboard.store
from eval.leaderboard.database import Database
from eval.leaderboard.receipts import NO_RECEIPT, verify_log
from eval.leaderboard.store import Store
from eval.leaderboard.submission import Submission
from ld_data.errors import DuplicateError, FullError, InputError, StorageError, UnknownNameError
from tests.support.processes import end_process, start_process
from tests.support.verdicts import PRIVATE, SCORE, VERSION, add, list_names, make_verdict, read_lines, read_predictions


def test_an_entry_is_read_as_it_was_added(store):
    submission = Submission("a <b>model</b>", "https://a.b/c", "'; DROP TABLE entries", 12, 0.5, "Hebb | <i>")
    entry = add(store, submission, make_verdict(noise_free_mse=0.25))
    assert store.entries(*VERSION) == [entry]
    body = entry.to_json()
    assert body["id"] == 1
    assert {name: body[name] for name in asdict(submission)} == asdict(submission)
    assert body["noise_free_mse"] == 0.25
    assert body["private"] == asdict(PRIVATE)
    assert body["receipt_sha256"] == store.head() == sha256(entry.receipt.text.encode()).hexdigest()


def test_an_entry_and_its_secret_come_back_though_its_rank_cannot_be_read(store, monkeypatch):
    def fail(*_, **__):
        raise StorageError("no memory")

    monkeypatch.setattr("eval.leaderboard.entries.Ranks.find", fail)
    entry = add(store, Submission("a"), make_verdict(), owner="")
    assert (entry.rank, bool(entry.owner_secret)) == (None, True)


def test_the_whole_score_is_in_the_receipt(store):
    receipt = add(store, Submission("a"), make_verdict()).receipt
    assert receipt.values["score"] == json.loads(json.dumps(SCORE.to_json()))
    assert receipt.values["private_seed_sha256"] == store.private_seed_sha256
    assert re.fullmatch(r"ld-data \S+", receipt.values["scorer"])
    assert receipt.values["time"].endswith("+00:00")


def test_releases_and_their_versions_are_kept_apart(store):
    add(store, Submission("a"), make_verdict())
    assert store.entries("ld-b-4", "5ha") == store.entries("ld-a-4", "another version") == []
    add(store, Submission("the same for another version"), make_verdict(data_sha256="other"))
    assert len(store.entries("ld-a-4", "other")) == 1


def test_identical_predictions_are_refused_with_the_number_of_the_first(store):
    add(store, Submission("a"), make_verdict(1))
    add(store, Submission("b"), make_verdict(2))
    with pytest.raises(DuplicateError, match="are entry 2 already"):
        add(store, Submission("c"), make_verdict(2))
    assert len(read_lines(store)) == 2


def test_predictions_are_kept_by_their_hash(store):
    verdict = make_verdict(7)
    add(store, Submission("a"), verdict)
    kept = read_predictions(store, verdict.predictions_sha256)
    np.testing.assert_array_equal(kept, verdict.predictions[0].values.ravel())


def test_a_removed_entry_is_not_ranked_and_the_log_stays_whole(store):
    entry = add(store, Submission("a"), make_verdict(1))
    add(store, Submission("b"), make_verdict(2))
    removal = store.remove("ld-a-4", 1, "it was a test")
    assert list_names(store) == ["b"]
    assert removal.values["removed_sha256"] == entry.receipt.sha256
    assert removal.values["reason"] == "it was a test"
    summary = verify_log(read_lines(store), store.head())
    assert (summary.receipts, summary.scores, summary.removals) == (3, 1, 1)
    assert read_predictions(store, make_verdict(1).predictions_sha256) is None
    assert add(store, Submission("again"), make_verdict(1)).receipt.number == 4


def test_predictions_of_another_entry_survive_a_removal(store):
    add(store, Submission("a"), make_verdict(1))
    add(store, Submission("a"), make_verdict(1, data_sha256="other"))
    store.remove("ld-a-4", 1, "old")
    assert len(read_predictions(store, make_verdict(1).predictions_sha256)) == 8


def test_only_a_known_entry_is_removed_and_only_with_a_reason(store):
    add(store, Submission("a"), make_verdict())
    for release, number in (("ld-a-4", 2), ("ld-b-4", 1), ("ld-a-4", 0)):
        with pytest.raises(UnknownNameError, match="has no entry"):
            store.remove(release, number, "why not")
    for reason in ("", " ", "a" * 301, "a\nb"):
        with pytest.raises(InputError, match="reason"):
            store.remove("ld-a-4", 1, reason)
    assert list_names(store) == ["a"]
    assert len(read_lines(store)) == 1


def test_a_full_leaderboard_is_reported_and_others_have_room(place):
    store = Store(place, max_entries=2)
    for number in range(2):
        add(store, Submission("a"), make_verdict(number))
    with pytest.raises(FullError, match="holds 2 entries, the most it may"):
        add(store, Submission("a"), make_verdict(3))
    add(store, Submission("a"), make_verdict(3, release="ld-b-4"))
    store.remove("ld-a-4", 1, "to make room")
    add(store, Submission("a"), make_verdict(4))
    store.close()


def test_a_score_that_a_receipt_cannot_hold_leaves_the_store_unchanged(store):
    with pytest.raises(InputError, match="finite"):
        add(store, Submission("a"), make_verdict(mse=float("nan")))
    assert store.head() == NO_RECEIPT
    assert read_lines(store) == store.entries(*VERSION) == []


def test_the_secret_seed_is_drawn_once_and_only_its_hash_is_published(store, place, tmp_path):
    again = Store(place)
    assert 0 <= store.private_seed == again.private_seed < 2**63
    assert store.private_seed_sha256 == sha256(str(store.private_seed).encode()).hexdigest()
    add(store, Submission("a"), make_verdict())
    assert str(store.private_seed).encode() not in b"".join(store.read_log())
    again.close()
    assert Store(tmp_path / "other.sqlite").private_seed != store.private_seed


@pytest.mark.slow
def test_many_threads_keep_the_chain_whole(store):
    def submit(thread):
        for number in range(3):
            add(store, Submission(f"{thread} {number}"), make_verdict(thread * 3 + number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(submit, range(8)))
    assert verify_log(read_lines(store), store.head()).scores == 24
    assert len(set(list_names(store, limit=1000))) == 24


def test_the_same_predictions_from_many_threads_are_ranked_once(store):
    def submit(_):
        try:
            return add(store, Submission("a"), make_verdict()).receipt.number
        except DuplicateError:
            return None

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(submit, range(16)))
    assert [number for number in numbers if number is not None] == [1]


def add_some(sender, place, numbers):
    """Send the seed of the store at a place, and add entries to it."""
    store = Store(place)
    for number in numbers:
        add(store, Submission("a"), make_verdict(number))
    sender.send(store.private_seed)


@pytest.mark.slow
def test_several_processes_start_at_once_and_share_one_seed_and_one_chain(place):
    started = [start_process(add_some, place, range(first, first + 3)) for first in (0, 3, 6)]
    assert [end_process(process) for process, _ in started] == [0] * 3
    assert len({answers.recv() for _, answers in started}) == 1
    store = Store(place)
    assert verify_log(read_lines(store), store.head()).scores == 9
    store.close()


def add_and_die(sender, place):
    sender.send(add(Store(place), Submission("a"), make_verdict(3)).receipt.sha256)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_an_acknowledged_entry_survives_a_kill_right_after_the_answer(place):
    process, answers = start_process(add_and_die, place)
    assert end_process(process) == -signal.SIGKILL
    answer = answers.recv()
    store = Store(place)
    assert [entry.receipt.sha256 for entry in store.entries(*VERSION)] == [answer]
    assert len(read_predictions(store, make_verdict(3).predictions_sha256)) == 8
    assert verify_log(read_lines(store), answer).scores == 1
    store.close()


def die_while_adding(_, place):
    eval.leaderboard.store.add_entry = lambda *_: os._exit(9)
    add(Store(place), Submission("a"), make_verdict(3))


@pytest.mark.slow
def test_a_kill_before_the_end_of_a_transaction_leaves_nothing(place):
    process, _ = start_process(die_while_adding, place)
    assert end_process(process) == 9
    store = Store(place)
    assert store.head() == NO_RECEIPT
    add(store, Submission("a"), make_verdict())
    store.close()


def test_a_failing_disk_is_reported_and_nothing_is_stored(tmp_path):
    store = Store(tmp_path / "scores.sqlite")
    (tmp_path / "scores.sqlite").unlink()
    with pytest.raises(StorageError, match="no such table"):
        add(store, Submission("a"), make_verdict())


def test_requests_are_counted_for_all_hosts_on_postgresql(store, place):
    other = Store(place)
    waits = [own.take_request("a client", 3) for own in (store, other, store, other)]
    if "postgresql" not in place:
        assert waits == [None] * 4
    else:
        assert waits[:3] == [0, 0, 0]
        assert 19 < waits[3] <= 20
        assert store.take_request("another", 3) == 0
        with store._database.write() as connection:
            connection.execute(text("UPDATE buckets SET at = at - 20 WHERE client = 'a client'"))
        assert other.take_request("a client", 3) == 0
        assert store.take_request("a client", 3) > 19
        with store._database.write() as connection:
            connection.execute(text("UPDATE buckets SET at = at - 1000"))
        assert store.take_request("a client", 3) == 0
        with store._database.read() as connection:
            assert connection.scalars(text("SELECT client FROM buckets")).all() == ["a client"]
        with ThreadPoolExecutor(8) as threads:
            counted = list(threads.map(lambda number: (store, other)[number % 2].take_request("many", 10), range(40)))
        assert counted.count(0) == 10
    other.close()


def test_a_database_of_the_revision_before_gets_its_table(place):
    Store(place).close()
    database = Database(place)
    with database.write() as connection:
        connection.execute(text("DROP TABLE buckets"))
        connection.execute(text("UPDATE alembic_version SET version_num = '2'"))
    database.close()
    store = Store(place)
    assert store.take_request("a client", 3) in (None, 0)
    store.close()
