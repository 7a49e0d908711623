"""The store of the leaderboard: the log of receipts, the entries, their predictions, the seasons, and a secret seed."""

import hashlib
import secrets
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

import ld_data
from eval.leaderboard import entries, log, schema, seasons
from eval.leaderboard.challenge import Season
from eval.leaderboard.database import Database
from eval.leaderboard.entries import Entry, Ranking
from eval.leaderboard.receipts import REMOVAL, SCORE, SEASON, Receipt
from eval.leaderboard.submission import Submission
from eval.leaderboard.verification import Status, Verdict
from ld_data.errors import InputError

SCORER = f"ld-data {ld_data.__version__}"
SEED_BITS = 63
MAX_ENTRIES = 100_000
MAX_REASON = 300
PAGE_RECEIPTS = 1000
_SEED_NAME = "private_seed"


class Store:
    """Verified scores in a SQLite file or a PostgreSQL database, safe for several threads and processes.

    Each method is one transaction, and raises `StorageError` if the database fails.
    """

    def __init__(self, place: str | Path, max_entries: int = MAX_ENTRIES) -> None:
        """Open or make the store at a path or a database URL, with at most `max_entries` for each release.

        Raises:
            InputError: for a URL of another kind of database.
            StorageError: if the database cannot be used.
        """
        self._database = Database(place)
        self._max_entries = max_entries
        with self._database.write() as connection:
            self._private_seed = _read_or_draw_seed(connection)

    @property
    def private_seed(self) -> int:
        """The secret seed of the private redraws, from 0 to 2**63 - 1, drawn when the store was made."""
        return self._private_seed

    @property
    def private_seed_sha256(self) -> str:
        """The sha256 of the secret seed's decimal digits: it binds the service to one seed without revealing it."""
        return hashlib.sha256(str(self._private_seed).encode()).hexdigest()

    def close(self) -> None:
        """Close the connections to the database."""
        self._database.close()

    def add(self, submission: Submission, verdict: Verdict, season: Season | None = None) -> Entry:
        """Return the new entry of verified predictions, already on disk; with `season`, on the challenge track.

        Raises:
            DuplicateError: for predictions that are ranked already.
            FullError: if the release, or the name in the season, has as many entries as it may.
            InputError: for a season that is closed.
        """
        data_sha256 = verdict.score.data_sha256 if season is None else season.data_sha256
        ranking = Ranking.of(verdict.score.release, data_sha256, season)
        with self._database.write() as connection:
            if season is not None:
                seasons.check_open(connection, season)
                entries.check_name(connection, ranking, submission.name)
            entries.check_new(connection, ranking, verdict.predictions_sha256)
            entries.check_room(connection, ranking, self._max_entries)
            receipt = log.append_receipt(connection, SCORE, self._describe(ranking, submission, verdict, season))
            entries.add_entry(connection, ranking, receipt, submission, verdict)
        return Entry(receipt)

    def remove(self, release: str, number: int, reason: str) -> Receipt:
        """Return the receipt of the removal of an entry; its own receipt stays in the log, its predictions go.

        Raises:
            UnknownNameError: if the release has no such entry.
            InputError: for a reason that is missing or too long.
        """
        if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
            raise InputError(f"a removal needs a reason of 1 to {MAX_REASON} printable characters.")
        with self._database.write() as connection:
            sha256, predictions_sha256 = entries.find_hashes(connection, release, number)
            values = {"release": release, "removed": number, "removed_sha256": sha256, "reason": reason}
            receipt = log.append_receipt(connection, REMOVAL, values)
            entries.delete_entry(connection, number, predictions_sha256)
        return receipt

    def entries(
        self,
        release: str,
        data_sha256: str,
        status: Status = "ranked",
        limit: int = 100,
        season: Season | None = None,
    ) -> list[Entry]:
        """Return the best entries of a release's version, the lowest noise-free MSE first, then the oldest.

        They are those of the public track, or of a season of the challenge track.
        """
        with self._database.read() as connection:
            return entries.list_best(connection, Ranking.of(release, data_sha256, season), status, limit)

    def rank_names(self, release: str, data_sha256: str, names: Collection[str]) -> dict[tuple[str, str], int]:
        """Return the best public rank, from 1, of the ranked entries with each of these names, by name and url."""
        with self._database.read() as connection:
            return entries.rank_names(connection, Ranking.of(release, data_sha256, None), names)

    def find_rank(self, entry: Entry, season: Season | None = None) -> int | None:
        """Return the rank, from 1, of an entry of the public track, or of a season; None for a suspect."""
        if entry.status != "ranked":
            return None
        values = entry.receipt.values
        ranking = Ranking.of(values["release"], values["data_sha256"], season)
        with self._database.read() as connection:
            return entries.find_rank(connection, ranking, values["score"]["noise_free_mse"], entry.receipt.number)

    def open_season(self, release: str, data_sha256: str, rows: int) -> Season:
        """Return the open season of a release's version; if there is none, open one of so many rows."""
        with self._database.read() as connection:  # without the lock of a writer, since a season is mostly open
            found = seasons.find_open(connection, release, data_sha256)
        if found is not None:
            return found
        with self._database.write() as connection:
            return seasons.open_next(connection, release, data_sha256, rows)

    def list_seasons(self, release: str, data_sha256: str) -> list[Season]:
        """Return the seasons of a release's version, the oldest first."""
        with self._database.read() as connection:
            return seasons.list_all(connection, release, data_sha256)

    def close_season(self, release: str, data_sha256: str) -> Receipt:
        """Return the receipt that closes the open season of a release's version, and reveals its secret.

        Raises:
            UnknownNameError: if no season is open.
        """
        with self._database.write() as connection:
            season = seasons.close(connection, release, data_sha256)
            values = {"release": release, "data_sha256": data_sha256, **season.to_json()}
            return log.append_receipt(connection, SEASON, values)

    def head(self) -> str:
        """Return the sha256 of the last receipt; 64 zeros for an empty log."""
        with self._database.read() as connection:
            return log.find_last(connection)[1]

    def read_log(self) -> Iterator[bytes]:
        """Yield the log as it is at the first step, in chunks of whole lines; no transaction is open between steps."""
        with self._database.read() as connection:
            last = log.find_last(connection)[0]
        for first in range(1, last + 1, PAGE_RECEIPTS):
            with self._database.read() as connection:
                texts = log.read_texts(connection, first, min(first + PAGE_RECEIPTS - 1, last))
            yield "".join(f"{text}\n" for text in texts).encode()

    def _describe(
        self, ranking: Ranking, submission: Submission, verdict: Verdict, season: Season | None
    ) -> dict[str, Any]:
        """Return the values of a score's receipt, apart from its position in the log."""
        values = {
            "track": ranking.track,
            "release": ranking.release,
            "data_sha256": ranking.data_sha256,
            "predictions_sha256": verdict.predictions_sha256,
            "submission": asdict(submission),
            "score": verdict.score.to_json(),
            "ceiling": verdict.ceiling,
            "status": verdict.status,
            "scorer": SCORER,
        }
        if season is not None:
            return values | {"season": season.number, "secret_sha256": season.secret_sha256}
        private = asdict(verdict.private) if verdict.private else None
        return values | {"private": private, "private_seed_sha256": self.private_seed_sha256}


def _read_or_draw_seed(connection: Connection) -> int:
    query = select(schema.secrets.c.value).where(schema.secrets.c.name == _SEED_NAME)
    value = connection.execute(query).scalar_one_or_none()
    if value is None:
        value = str(secrets.randbits(SEED_BITS))
        connection.execute(insert(schema.secrets).values(name=_SEED_NAME, value=value))
    return int(value)
