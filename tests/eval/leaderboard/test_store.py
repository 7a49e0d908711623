"""The store on SQLite and on a real PostgreSQL."""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

import numpy as np
import pytest
from sqlalchemy import create_engine, text

import eval.leaderboard.store
from eval.leaderboard.receipts import NO_RECEIPT, verify_log
from eval.leaderboard.store import Store
from eval.leaderboard.submission import Submission
from eval.leaderboard.verification import PrivateScore, Verdict
from eval.score import Score, score_predictions
from ld_data.errors import DuplicateError, FullError, InputError, StorageError, UnknownNameError
from ld_data.release.builder import make_dataset
from ld_data.storage.hashing import hash_array
from tests.support.fakes import FakeCodec, make_source
from tests.support.paths import ROOT

DATA = make_dataset(make_source(), FakeCodec(), "ld-a-4", seed=0)
SCORE = replace(score_predictions(DATA.class_mean[DATA.test.label], DATA), data_sha256="5ha")
PRIVATE = PrivateScore(0.95, 0.01, 1.0, 0.92, 0.6, 0.02)


def make_verdict(number=0, status="ranked", **changes):
    """What verification would say of predictions of their own for each number."""
    predictions = np.full((2, 4), number, np.float32)
    score = replace(SCORE, **changes)
    return Verdict(predictions, hash_array(predictions), score, PRIVATE, 0.99, status)


@pytest.fixture
def store(place):
    store = Store(place)
    yield store
    store.close()


def read_lines(store):
    return b"".join(store.read_log()).splitlines(keepends=True)


def names(store, **options):
    return [entry.receipt.values["submission"]["name"] for entry in store.entries("ld-a-4", "5ha", **options)]


def test_an_entry_comes_back_as_it_went_in(store):
    submission = Submission("a <b>model</b>", "https://a.b/c", "'; DROP TABLE entries", 12, 0.5, "Hebb | <i>")
    entry = store.add(submission, make_verdict(noise_free_mse=0.25))
    assert store.entries("ld-a-4", "5ha") == [entry]
    body = entry.to_json()
    assert body["id"] == 1
    assert {name: body[name] for name in asdict(submission)} == asdict(submission)
    assert body["noise_free_mse"] == 0.25
    assert body["private"] == asdict(PRIVATE)
    assert body["receipt_sha256"] == store.head() == sha256(entry.receipt.text.encode()).hexdigest()


def test_the_whole_score_is_in_the_receipt(store):
    receipt = store.add(Submission("a"), make_verdict()).receipt
    assert receipt.values["score"] == json.loads(json.dumps(SCORE.to_json()))
    assert receipt.values["private_seed_sha256"] == store.private_seed_sha256
    assert re.fullmatch(r"ld-data \S+", receipt.values["scorer"])
    assert receipt.values["time"].endswith("+00:00")


@dataclass(frozen=True)
class LongerScore(Score):
    """A score as a later version may have it."""

    news: tuple[float, ...] = (0.5, 1.0)


def test_a_score_that_learns_new_fields_needs_no_other_table(store):
    store.add(Submission("before"), make_verdict(1))
    score = LongerScore(**vars(SCORE))
    store.add(Submission("after"), replace(make_verdict(2), score=score))
    before, after = (entry.to_json() for entry in store.entries("ld-a-4", "5ha"))
    assert "news" not in before
    assert after["news"] == [0.5, 1.0]
    assert verify_log(read_lines(store), store.head()).scores == 2


def test_entries_are_listed_by_noise_free_mse_and_then_by_age(store):
    for number, (name, error) in enumerate((("c", 0.3), ("a", 0.1), ("b", 0.2), ("a2", 0.1))):
        store.add(Submission(name), make_verdict(number, noise_free_mse=error))
    assert names(store) == ["a", "a2", "b", "c"]
    assert names(store, limit=2) == ["a", "a2"]


def test_suspects_are_listed_apart(store):
    store.add(Submission("honest"), make_verdict(0))
    store.add(Submission("doubtful"), make_verdict(1, "suspect"))
    assert names(store) == ["honest"]
    assert names(store, status="suspect") == ["doubtful"]


def test_releases_and_their_versions_are_kept_apart(store):
    store.add(Submission("a"), make_verdict())
    assert store.entries("ld-b-4", "5ha") == []
    assert store.entries("ld-a-4", "another version") == []
    store.add(Submission("the same for another version"), make_verdict(data_sha256="other"))
    assert len(store.entries("ld-a-4", "other")) == 1


def test_identical_predictions_are_refused_with_the_number_of_those_that_are_here(store):
    store.add(Submission("a"), make_verdict(1))
    store.add(Submission("b"), make_verdict(2))
    with pytest.raises(DuplicateError, match="are entry 2 already"):
        store.add(Submission("c"), make_verdict(2))
    assert len(read_lines(store)) == 2


def test_predictions_are_kept_by_their_hash(store):
    verdict = make_verdict(7)
    store.add(Submission("a"), verdict)
    np.testing.assert_array_equal(store.read_predictions(verdict.predictions_sha256), verdict.predictions)
    with pytest.raises(UnknownNameError, match="no predictions"):
        store.read_predictions("0" * 64)


def test_a_removed_entry_is_ranked_no_more_and_the_log_stays_whole(store):
    entry = store.add(Submission("a"), make_verdict(1))
    store.add(Submission("b"), make_verdict(2))
    removal = store.remove("ld-a-4", 1, "it was a test")
    assert names(store) == ["b"]
    assert removal.values["removed_sha256"] == entry.receipt.sha256
    assert removal.values["reason"] == "it was a test"
    summary = verify_log(read_lines(store), store.head())
    assert (summary.receipts, summary.scores, summary.removals) == (3, 1, 1)
    with pytest.raises(UnknownNameError, match="no predictions"):
        store.read_predictions(hash_array(make_verdict(1).predictions))
    assert store.add(Submission("again"), make_verdict(1)).receipt.number == 4


def test_predictions_that_another_entry_needs_survive_a_removal(store):
    store.add(Submission("a"), make_verdict(1))
    store.add(Submission("a"), make_verdict(1, data_sha256="other"))
    store.remove("ld-a-4", 1, "old")
    assert len(store.read_predictions(hash_array(make_verdict(1).predictions))) == 2


@pytest.mark.parametrize(("release", "number"), [("ld-a-4", 2), ("ld-b-4", 1), ("ld-a-4", 0)])
def test_what_is_not_there_cannot_be_removed(store, release, number):
    store.add(Submission("a"), make_verdict())
    with pytest.raises(UnknownNameError, match="has no entry"):
        store.remove(release, number, "why not")
    assert len(read_lines(store)) == 1


@pytest.mark.parametrize("reason", ["", " ", "a" * 301, "a\nb"])
def test_a_removal_needs_a_reason(store, reason):
    store.add(Submission("a"), make_verdict())
    with pytest.raises(InputError, match="reason"):
        store.remove("ld-a-4", 1, reason)
    assert names(store) == ["a"]


def test_a_full_leaderboard_is_told_and_others_have_room(place):
    store = Store(place, max_entries=2)
    for number in range(2):
        store.add(Submission("a"), make_verdict(number))
    with pytest.raises(FullError, match="holds 2 entries, as many as it may"):
        store.add(Submission("a"), make_verdict(3))
    store.add(Submission("a"), make_verdict(3, release="ld-b-4"))
    store.remove("ld-a-4", 1, "to make room")
    store.add(Submission("a"), make_verdict(4))
    store.close()


def test_a_score_that_no_receipt_can_hold_leaves_the_store_as_it_was(store):
    with pytest.raises(InputError, match="finite"):
        store.add(Submission("a"), make_verdict(mse=float("nan")))
    assert store.head() == NO_RECEIPT
    assert store.entries("ld-a-4", "5ha") == []


def test_the_log_is_read_page_by_page(store, monkeypatch):
    monkeypatch.setattr(eval.leaderboard.store, "PAGE_RECEIPTS", 3)
    for number in range(7):
        store.add(Submission("ä \u00a7"), make_verdict(number))
    chunks = store.read_log()
    first = next(chunks)
    store.add(Submission("meanwhile"), make_verdict(8))
    assert [chunk.count(b"\n") for chunk in (first, *chunks)] == [3, 3, 1]
    assert verify_log(read_lines(store), store.head()).receipts == 8


def test_an_empty_log_has_a_head_of_zeros(store):
    assert store.head() == NO_RECEIPT
    assert read_lines(store) == []


def test_the_secret_seed_is_drawn_once_and_only_its_hash_is_told(store, place):
    again = Store(place)
    assert 0 <= store.private_seed == again.private_seed < 2**63
    assert store.private_seed_sha256 == sha256(str(store.private_seed).encode()).hexdigest()
    store.add(Submission("a"), make_verdict())
    assert str(store.private_seed).encode() not in b"".join(store.read_log())
    again.close()


def test_another_store_draws_another_seed(store, tmp_path):
    assert Store(tmp_path / "other.sqlite").private_seed != store.private_seed


def test_many_threads_keep_the_chain_whole(store):
    def submit(thread):
        for number in range(50):
            store.add(Submission(f"{thread} {number}"), make_verdict(thread * 50 + number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(submit, range(8)))
    assert verify_log(read_lines(store), store.head()).scores == 400
    assert len(set(names(store, limit=1000))) == 400


def test_the_same_predictions_from_many_threads_are_ranked_once(store):
    def submit(_):
        try:
            return store.add(Submission("a"), make_verdict()).receipt.number
        except DuplicateError:
            return None

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(submit, range(16)))
    assert [number for number in numbers if number is not None] == [1]


SCRIPT = """
import json, os, signal
import numpy as np
import eval.store
from eval.score import Score
from eval.submission import Submission
from eval.verification import PrivateScore, Verdict
from ld_data.hashing import hash_array

def submit(number):
    predictions = np.full((2, 4), number, np.float32)
    verdict = Verdict(predictions, hash_array(predictions), score, private, None, "ranked")
    return store.add(Submission("a"), verdict).receipt
"""


def run_script(place, script):
    """A process with the store and `submit`, which imports no more than the store does."""
    score, private = json.dumps(SCORE.to_json()), json.dumps(asdict(PRIVATE))
    start = f"score, private = Score(**json.loads({score!r})), PrivateScore(**json.loads({private!r}))"
    script = f"{SCRIPT}\n{start}\nstore = eval.leaderboard.store.Store({place!r})\n{script}"
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_several_processes_start_at_once_and_share_one_seed_and_one_chain(place):
    script = "print(store.private_seed)\nfor i in range(5): submit(os.getpid() % 100_000 * 10 + i)"
    processes = [run_script(place, script) for _ in range(3)]
    seeds = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 3
    assert len(seeds) == 1
    store = Store(place)
    assert verify_log(read_lines(store), store.head()).scores == 15
    store.close()


def test_what_was_acknowledged_survives_a_kill_right_after_the_answer(place):
    process = run_script(place, "print(submit(3).sha256, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)")
    answer = process.communicate(timeout=60)[0].strip()
    assert process.returncode == -9
    store = Store(place)
    assert [entry.receipt.sha256 for entry in store.entries("ld-a-4", "5ha")] == [answer]
    assert len(store.read_predictions(hash_array(make_verdict(3).predictions))) == 2
    assert verify_log(read_lines(store), answer).scores == 1
    store.close()


def test_a_kill_before_the_end_of_a_transaction_leaves_nothing(place):
    process = run_script(place, "eval.leaderboard.entries.keep_predictions = lambda *_: os._exit(9)\nsubmit(3)")
    process.communicate(timeout=60)
    assert process.returncode == 9
    store = Store(place)
    assert store.head() == NO_RECEIPT
    store.add(Submission("a"), make_verdict())
    store.close()


def test_scores_of_the_time_before_receipts_stay_and_are_counted(tmp_path):
    path = tmp_path / "scores.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE scores (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"))
        connection.execute(text("INSERT INTO scores (name) VALUES ('a'), ('b')"))
    store = Store(path)
    assert store.count_older_scores() == 2
    assert store.entries("ld-a-4", "5ha") == []
    store.add(Submission("new"), make_verdict())
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM scores ORDER BY id")).scalars().all() == ["a", "b"]
    engine.dispose()


def test_a_new_file_has_no_older_scores(store):
    assert store.count_older_scores() == 0


def test_a_full_disk_is_told_and_nothing_is_stored(tmp_path):
    store = Store(tmp_path / "scores.sqlite")
    (tmp_path / "scores.sqlite").unlink()
    with pytest.raises(StorageError, match="no such table"):
        store.add(Submission("a"), make_verdict())
