"""The store of the leaderboard: the log of receipts, what is ranked, the predictions, and the secret seed."""

import hashlib
import secrets
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, insert, inspect, select
from sqlalchemy import text as sql_text

import ld_data
from eval.leaderboard import schema as tables
from eval.leaderboard import seasons
from eval.leaderboard.challenge import Season
from eval.leaderboard.database import Database
from eval.leaderboard.entries import (
    Board,
    Entry,
    check_name,
    check_new,
    drop_predictions,
    find_entry,
    find_rank,
    keep_predictions,
    rank_names,
)
from eval.leaderboard.log import PAGE_RECEIPTS, append, find_last, make_receipt
from eval.leaderboard.receipts import REMOVAL, SCORE, SEASON, Receipt
from eval.leaderboard.submission import Submission
from eval.leaderboard.verification import Status, Verdict
from ld_data.errors import FullError, InputError, UnknownNameError

SCORER = f"ld-data {ld_data.__version__}"
SEED_BITS = 63
MAX_ENTRIES = 100_000
MAX_REASON = 300
_SEED_NAME = "private_seed"


class Store:
    """Verified scores in a SQLite file or a PostgreSQL database, safe for several threads and processes."""

    def __init__(self, place: str | Path, max_entries: int = MAX_ENTRIES) -> None:
        """Open or make the store at a path or a database URL; `max_entries` is the limit for each release.

        Raises `InputError` for a URL of another kind of database, `StorageError` if it cannot be used.
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
        """The sha256 of the secret seed's decimal digits: it binds the service to one seed, and does not tell it."""
        return hashlib.sha256(str(self._private_seed).encode()).hexdigest()

    def close(self) -> None:
        """Close the connections to the database."""
        self._database.close()

    def add(self, submission: Submission, verdict: Verdict, season: Season | None = None) -> Entry:
        """Return the entry of verified predictions, which is on disk by then; with `season`, on the challenge track.

        Raises `DuplicateError` for predictions that are ranked already, `FullError` if the release has as many entries
        as it may, or the name in the season, `InputError` for a season that is closed, `StorageError` if the database
        refuses.
        """
        board = Board.of(verdict.score.release, season.data_sha256 if season else verdict.score.data_sha256, season)
        with self._database.write() as connection:
            if season is not None:
                seasons.check_open(connection, season)
                check_name(connection, board, submission.name)
            check_new(connection, board, verdict.predictions_sha256)
            self._check_room(connection, board)
            receipt = append(connection, SCORE, self._describe(submission, verdict, season))
            keep_predictions(connection, verdict)
            row = vars(board) | {
                "number": receipt.number,
                "predictions_sha256": verdict.predictions_sha256,
                "status": verdict.status,
                "noise_free_mse": verdict.score.noise_free_mse,
                "name": submission.name,
                "url": submission.url,
            }
            connection.execute(insert(tables.entries).values(row))
        return Entry(receipt)

    def remove(self, release: str, number: int, reason: str) -> Receipt:
        """Return the receipt of the removal of an entry; its own receipt stays in the log, its predictions go.

        Raises `UnknownNameError` if the release has no such entry, `InputError` for a reason that is missing or too
        long, `StorageError` if the database refuses.
        """
        if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
            raise InputError(f"a removal needs a reason of 1 to {MAX_REASON} printable characters.")
        with self._database.write() as connection:
            sha256, predictions_sha256 = find_entry(connection, release, number)
            values = {"release": release, "removed": number, "removed_sha256": sha256, "reason": reason}
            receipt = append(connection, REMOVAL, values)
            connection.execute(delete(tables.entries).where(tables.entries.c.number == number))
            drop_predictions(connection, predictions_sha256)
        return receipt

    def entries(
        self,
        release: str,
        data_sha256: str,
        status: Status = "ranked",
        limit: int = 100,
        season: Season | None = None,
    ) -> list[Entry]:
        """Return the best entries of a release with that test y, the lowest noise-free MSE first, then the oldest.

        Those of the public track, or of a season of the challenge track.
        """
        entries, receipts = tables.entries.c, tables.receipts.c
        board = Board.of(release, data_sha256, season)
        best = (
            select(receipts.text)
            .join(tables.entries, entries.number == receipts.number)
            .where(board.matches, entries.status == status)
            .order_by(entries.noise_free_mse, entries.number)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Entry(make_receipt(row.text)) for row in connection.execute(best)]

    def rank_names(
        self, release: str, data_sha256: str, names: Collection[str], season: Season | None = None
    ) -> dict[tuple[str, str], int]:
        """Return the best rank, from 1, of the ranked entries with each of these names, by name and url."""
        with self._database.read() as connection:
            return rank_names(connection, Board.of(release, data_sha256, season), names)

    def find_rank(self, entry: Entry, season: Season | None = None) -> int | None:
        """Return the rank, from 1, of an entry of the public track, or of a season; None for a suspect."""
        if entry.status != "ranked":
            return None
        values = entry.receipt.values
        board = Board.of(values["release"], values["data_sha256"], season)
        with self._database.read() as connection:
            return find_rank(connection, board, values["score"]["noise_free_mse"], entry.receipt.number)

    def open_season(self, release: str, data_sha256: str, rows: int) -> Season:
        """Return the season of a release's version that is open; if none is, one is opened for so many rows.

        Raises `StorageError` if the database refuses.
        """
        with self._database.read() as connection:
            found = seasons.find_open(connection, release, data_sha256)
        if found is not None:
            return found
        with self._database.write() as connection:
            return seasons.open_next(connection, release, data_sha256, rows)

    def list_seasons(self, release: str, data_sha256: str) -> list[Season]:
        """Return the seasons of a release's version, the first one first."""
        with self._database.read() as connection:
            return seasons.list_all(connection, release, data_sha256)

    def close_season(self, release: str, data_sha256: str) -> Receipt:
        """Return the receipt that closes the open season of a release's version, and reveals its secret.

        Raises `UnknownNameError` if none is open, `StorageError` if the database refuses.
        """
        with self._database.write() as connection:
            season = seasons.close(connection, release, data_sha256)
            return append(connection, SEASON, {"release": release, "data_sha256": data_sha256, **season.to_json()})

    def head(self) -> str:
        """Return the sha256 of the last receipt; 64 zeros for an empty log."""
        with self._database.read() as connection:
            return find_last(connection)[1]

    def read_log(self) -> Iterator[bytes]:
        """Yield the log as it is at the first step, in chunks of whole lines; nothing is held between the steps."""
        with self._database.read() as connection:
            last = find_last(connection)[0]
        receipts = tables.receipts.c
        for start in range(0, last, PAGE_RECEIPTS):
            page = receipts.number.between(start + 1, min(start + PAGE_RECEIPTS, last))
            with self._database.read() as connection:
                texts = connection.scalars(select(receipts.text).where(page).order_by(receipts.number)).all()
            yield "".join(f"{line}\n" for line in texts).encode()

    def read_predictions(self, predictions_sha256: str) -> np.ndarray:
        """Return kept predictions `(n, d)` float32 by their hash; raise `UnknownNameError` if they are not here."""
        query = select(tables.predictions).where(tables.predictions.c.sha256 == predictions_sha256)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise UnknownNameError(f"no predictions with the sha256 {predictions_sha256!r} are kept here.")
        return np.frombuffer(row.bytes, "<f4").reshape(row.rows, -1)

    def count_older_scores(self) -> int:
        """Return how many scores of the time before receipts lie in the file: without predictions, so never verified.

        They stay in their table `scores`, and are not ranked.
        """
        with self._database.read() as connection:
            if not inspect(connection).has_table("scores"):
                return 0
            return int(connection.execute(sql_text("SELECT count(*) FROM scores")).scalar_one())

    def _describe(self, submission: Submission, verdict: Verdict, season: Season | None) -> dict[str, Any]:
        """Return what the receipt of a score says beside its place."""
        track, number = seasons.name_track(season)
        values = {
            "track": track,
            "release": verdict.score.release,
            "predictions_sha256": verdict.predictions_sha256,
            "submission": asdict(submission),
            "score": verdict.score.to_json(),
            "ceiling": verdict.ceiling,
            "status": verdict.status,
            "scorer": SCORER,
        }
        if season is not None:
            return values | {
                "data_sha256": season.data_sha256,
                "season": number,
                "secret_sha256": season.secret_sha256,
            }
        private = asdict(verdict.private) if verdict.private else None
        return values | {
            "data_sha256": verdict.score.data_sha256,
            "private": private,
            "private_seed_sha256": self.private_seed_sha256,
        }

    def _check_room(self, connection: Connection, board: Board) -> None:
        entries = tables.entries.c
        here = (entries.release == board.release) & (entries.track == board.track) & (entries.season == board.season)
        if connection.execute(select(func.count()).where(here)).scalar_one() >= self._max_entries:
            raise FullError(
                f"the leaderboard of {board.release} holds {self._max_entries} entries, as many as it may. Nothing was "
                "stored; ask the operator to remove some."
            )


def _read_or_draw_seed(connection: Connection) -> int:
    query = select(tables.secrets.c.value).where(tables.secrets.c.name == _SEED_NAME)
    value = connection.execute(query).scalar_one_or_none()
    if value is None:
        value = str(secrets.randbits(SEED_BITS))
        connection.execute(insert(tables.secrets).values(name=_SEED_NAME, value=value))
    return int(value)
