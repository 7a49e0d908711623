import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from eval.leaderboard import Leaderboard
from eval.score import Score
from eval.submission import Submission
from ld_data.errors import InputError, StorageError

SCORE = Score("ld-a-4", "5ha", 100, 0.95, 0.01, 1.0, 0.92, 0.625, 0.02, 0.03, 0.8)


@pytest.fixture
def board(tmp_path):
    return Leaderboard(tmp_path / "scores.sqlite")


def test_an_entry_comes_back_as_it_went_in(board):
    entry = board.add(Submission("a <b>model</b>", "https://a.b/c", "words; DROP TABLE scores"), SCORE)
    assert board.entries("ld-a-4", "5ha") == [entry]
    assert entry.to_json()["name"] == "a <b>model</b>"
    assert entry.to_json()["mse"] == 0.95


def test_entries_are_listed_by_noise_free_mse_and_then_by_age(board):
    for name, error in (("c", 0.3), ("a", 0.1), ("b", 0.2), ("a2", 0.1)):
        board.add(Submission(name), replace(SCORE, noise_free_mse=error))
    assert [entry.submission.name for entry in board.entries("ld-a-4", "5ha")] == ["a", "a2", "b", "c"]
    assert [entry.submission.name for entry in board.entries("ld-a-4", "5ha", limit=2)] == ["a", "a2"]


def test_releases_are_kept_apart(board):
    board.add(Submission("a"), SCORE)
    assert board.entries("ld-b-4", "5ha") == []
    assert board.entries("ld-a-4", "another version") == []


def test_a_leak_is_refused_and_not_stored(board):
    with pytest.raises(InputError, match="below the floor"):
        board.add(Submission("a"), replace(SCORE, mse=0.5, skill=6.25))
    assert board.entries("ld-a-4", "5ha") == []


def test_scores_outlive_the_process_and_use_the_write_ahead_log(board, tmp_path):
    board.add(Submission("a"), SCORE)
    assert len(Leaderboard(tmp_path / "scores.sqlite").entries("ld-a-4", "5ha")) == 1
    with sqlite3.connect(tmp_path / "scores.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_many_writers_lose_nothing(board):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: board.add(Submission(str(number)), SCORE), range(100)))
    assert len({entry.submission.name for entry in board.entries("ld-a-4", "5ha", limit=1000)}) == 100


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / "a").write_text("my thesis, not a database, longer than a header of one hundred bytes" * 9)
    with pytest.raises(StorageError, match="cannot be used"):
        Leaderboard(tmp_path / "a")
    assert (tmp_path / "a").read_text().startswith("my thesis")


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(StorageError, match="Check the path"):
        Leaderboard(tmp_path / "nowhere" / "scores.sqlite")


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (("",), "needs a name"),
        (("  ",), "needs a name"),
        (("a" * 101,), "at most 100"),
        (("a\nb",), "printable"),
        (("a", "javascript:alert(1)"), "http or https"),
        (("a", "https://"), "http or https"),
        (("a", "", "x" * 1001), "at most 1000"),
    ],
)
def test_bad_texts_are_refused(texts, reason):
    with pytest.raises(InputError, match=reason):
        Submission(*texts)
