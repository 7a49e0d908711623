"""The leaderboard: accepted scores in a SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.score import Score
from eval.submission import Submission
from ld_data.errors import InputError, StorageError

BUSY_SECONDS = 10.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS scores (
    id INTEGER PRIMARY KEY,
    submitted_at TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    release TEXT NOT NULL,
    data_sha256 TEXT NOT NULL,
    rows INTEGER NOT NULL,
    mse REAL NOT NULL,
    standard_error REAL NOT NULL,
    null_mse REAL NOT NULL,
    floor REAL NOT NULL,
    skill REAL NOT NULL,
    skill_standard_error REAL NOT NULL,
    noise_free_mse REAL NOT NULL,
    decoded_accuracy REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS scores_in_order ON scores (release, data_sha256, noise_free_mse, id);
"""
_COLUMNS = (
    "id, submitted_at, name, url, description, release, data_sha256, rows, mse, standard_error, null_mse AS 'null', "
    "floor, skill, skill_standard_error, noise_free_mse, decoded_accuracy"
)
_BEST = f"""
SELECT {_COLUMNS} FROM scores WHERE release = ? AND data_sha256 = ? ORDER BY noise_free_mse, id LIMIT ?
"""  # noqa: S608


@dataclass(frozen=True)
class Entry:
    """One accepted score with what its author says of it."""

    id: int
    submitted_at: str
    submission: Submission
    score: Score

    def to_json(self) -> dict[str, Any]:
        """Return the entry as one flat object."""
        return {
            "id": self.id,
            "submitted_at": self.submitted_at,
            **asdict(self.submission),
            **self.score.to_json(),
        }


class Leaderboard:
    """Scores in a SQLite file (write-ahead log), safe for several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; raise `StorageError` if it cannot be opened or is not such a file."""
        self._path = path
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)

    def add(self, submission: Submission, score: Score) -> Entry:
        """Return the stored entry of a score.

        Raises `InputError` for an MSE significantly below the floor (a leak), `StorageError` if the disk refuses.
        """
        if score.is_leak:
            raise InputError(score.describe_leak())
        submitted_at = datetime.now(UTC).isoformat(timespec="seconds")
        values = {"submitted_at": submitted_at, **asdict(submission), **score.to_json()}
        values["null_mse"] = values.pop("null")
        columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        with self._connect() as connection:
            cursor = connection.execute(f"INSERT INTO scores ({columns}) VALUES ({marks})", values)  # noqa: S608
        return Entry(int(cursor.lastrowid or 0), submitted_at, submission, score)

    def entries(self, release: str, data_sha256: str, limit: int = 100) -> list[Entry]:
        """Return the best entries of a release with that test y, the lowest noise-free MSE first."""
        with self._connect() as connection:
            rows = [dict(row) for row in connection.execute(_BEST, (release, data_sha256, limit))]
        return [_read_entry(row) for row in rows]

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for one transaction, and close it."""
        try:
            connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
            try:
                connection.row_factory = sqlite3.Row
                with connection:
                    yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StorageError(
                f"the leaderboard {self._path} cannot be used: {error}. Check the path, its permissions and the disk."
            ) from error


def _read_entry(row: dict[str, Any]) -> Entry:
    submission = Submission(*(row.pop(field) for field in ("name", "url", "description")))
    return Entry(row.pop("id"), row.pop("submitted_at"), submission, Score(**row))
