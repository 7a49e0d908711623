"""The store of the leaderboard: the log of receipts, the entries, their predictions, the seasons, and a secret seed."""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

import ld_data
from eval.leaderboard import schema
from eval.leaderboard.challenge import Season
from eval.leaderboard.database import Database
from eval.leaderboard.entries import (
    MAX_RANKED,
    Entry,
    Ranking,
    Ranks,
    add_entry,
    check_new,
    check_owner,
    delete_entry,
    find_best,
    name_ranking,
    reveal_entries,
)
from eval.leaderboard.leaks import Status, Verdict
from eval.leaderboard.receipts import NO_RECEIPT, REMOVAL, RESULT, SCORE, SEASON, Receipt, make_receipt
from eval.leaderboard.submission import ANONYMOUS, Sender, Submission, fold_name
from ld_data.errors import InputError, StorageError, UnknownNameError
from ld_data.storage.arrays import write_npy
from ld_data.storage.hashing import hash_array
from ld_data.typing import Array

SCORER = f"ld-data {ld_data.__version__}"
SEED_BITS, SECRET_BYTES = 63, 32
MAX_ENTRIES = 100_000
MAX_REASON = 300
PAGE_RECEIPTS = 1000
_SEED_NAME = "private_seed"


class Store:
    """Verified scores in a SQLite file or a PostgreSQL database, safe for several threads and processes.

    Each method is one transaction, and raises `StorageError` if the database cannot be used.

    Attributes:
        name: the file, or the URL of the database without its password.
        private_seed: the secret seed of the private redraws, from 0 to 2**63 - 1, drawn when the store was made.
        private_seed_sha256: of the seed's decimal digits: it binds the service to one seed without revealing it.
    """

    def __init__(self, place: str | Path, max_entries: int = MAX_ENTRIES) -> None:
        """Open or make the store at a place, as `Database`, with at most `max_entries` for each release."""
        self._database, self._max_entries = Database(place), max_entries
        self.name, self._ranks = self._database.name, Ranks()
        with self._database.write() as connection:
            seed = connection.scalar(select(schema.secrets.c.value).filter_by(name=_SEED_NAME))
            if seed is None:
                seed = str(secrets.randbits(SEED_BITS))
                connection.execute(insert(schema.secrets).values(name=_SEED_NAME, value=seed))
        self.private_seed = int(seed)
        self.private_seed_sha256 = hashlib.sha256(str(self.private_seed).encode()).hexdigest()

    def check(self) -> None:
        """Check that the database still answers, and is the one that was opened; raises `StorageError`."""
        with self._database.read() as connection:
            seed = connection.scalar(select(schema.secrets.c.value).filter_by(name=_SEED_NAME))
        if seed != str(self.private_seed):
            raise StorageError("the leaderboard has been replaced by another. Restart the service.")

    def take_request(self, client: str, per_minute: int) -> float | None:
        """Count a request of a client, by an opaque key of 64 characters at most; as `Database.take_request`."""
        return self._database.take_request(client, per_minute)

    def close(self) -> None:
        """Close the connections to the database."""
        self._database.close()

    def add(
        self, submission: Submission, verdict: Verdict, season: Season | None = None, sender: Sender = ANONYMOUS
    ) -> Entry:
        """Return the new entry of verified predictions, already on disk; with `season`, on the challenge track.

        Its name belongs to the sender's secret from then on, or to a new one, which the entry holds. An open season
        shows the entry only if it is better than the best that is shown, or than the null; else it is held.

        Raises:
            DuplicateError: for predictions that are ranked already.
            FullError: if the release, the season, or the client in the season has as many entries as it may.
            InputError: for a season that is closed.
            OwnerError: for a name that belongs to another secret.
        """
        data_sha256 = verdict.score.data_sha256 if season is None else season.data_sha256
        ranking = name_ranking(verdict.score.release, data_sha256, season)
        new_secret = "" if sender.owner else secrets.token_urlsafe(SECRET_BYTES)
        with self._database.write() as connection:
            if season and (season.closed_at or season not in _list_seasons(connection, season.release, data_sha256)):
                raise InputError(
                    f"season {season.number} of {season.release} was closed before these predictions arrived. Fetch "
                    "the x of the next season, and predict its rows."
                )
            check_owner(connection, submission.name, sender.owner)
            check_new(connection, ranking, verdict.predictions_sha256, sender.client, self._max_entries)
            outcome, best = _try(connection, ranking, verdict)
            receipt = _append_receipt(connection, SCORE, self._describe(ranking, submission, verdict, season) | outcome)
            sender = replace(sender, owner=sender.owner or new_secret)
            add_entry(connection, ranking, receipt, submission, verdict, sender)
        rank = None
        with suppress(StorageError), self._database.read() as connection:  # the entry is kept, its secret must get out
            rank = self._ranks.find(connection, ranking, is_open=season is not None).get(receipt.number)
        return Entry(receipt, rank, best=best, owner_secret=new_secret)

    def remove(self, release: str, number: int, reason: str) -> Receipt:
        """Return the receipt of the removal of an entry; its own receipt stays in the log, its predictions go.

        Raises:
            UnknownNameError: if the release has no such entry.
            InputError: for a reason that is missing or too long.
        """
        if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
            raise InputError(f"a removal needs a reason of 1 to {MAX_REASON} printable characters.")
        with self._database.write() as connection:
            sha256 = delete_entry(connection, release, number)
            values = {"release": release, "removed": number, "removed_sha256": sha256, "reason": reason}
            return _append_receipt(connection, REMOVAL, values)

    def entries(
        self, release: str, data_sha256: str, status: Status = "ranked", limit: int = 100, season: Season | None = None
    ) -> list[Entry]:
        """Return the best entries of a release's version, or of a season: lowest noise-free MSE first, then oldest.

        Those that are held come oldest first, and without figures.
        """
        entries, ranking = schema.entries.c, name_ranking(release, data_sha256, season)
        query = select(schema.receipts.c.text, entries.result).join(schema.entries).filter_by(**ranking, status=status)
        order = [entries.number] if status == "held" else [entries.noise_free_mse, entries.number]
        is_over = season is not None and season.closed_at is not None
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(*order).limit(limit))
            ranks = self._ranks.find(connection, ranking, season is not None and not is_over)
            receipts = [(Receipt(text, json.loads(text)), json.loads(its) if is_over else {}) for text, its in rows]
        return [Entry(receipt, ranks.get(receipt.number), result) for receipt, result in receipts]

    def rank_names(self, release: str, data_sha256: str, names: Collection[str]) -> dict[tuple[str, str], int]:
        """Return the best public rank, from 1, of the ranked entries with these names, by `fold_name` and url."""
        entries, ranking = schema.entries.c, name_ranking(release, data_sha256, None)
        named = entries.name_key.in_({fold_name(name) for name in names})
        wanted = select(entries.number, entries.name_key, entries.url).filter_by(**ranking).where(named)
        best: dict[tuple[str, str], int] = {}
        with self._database.read() as connection:
            ranks = self._ranks.find(connection, ranking, is_open=False)
            for number, name, url in connection.execute(wanted):
                if number in ranks:
                    best[name, url] = min(ranks[number], best.get((name, url), MAX_RANKED))
        return best

    def open_season(self, release: str, data_sha256: str, rows: int) -> Season:
        """Return the open season of a release's version; if there is none, open one of so many rows."""
        with self._database.read() as connection:  # without the lock of a writer, since a season is mostly open
            seasons = _list_seasons(connection, release, data_sha256)
        if seasons and seasons[-1].closed_at is None:
            return seasons[-1]
        with self._database.write() as connection:
            seasons = _list_seasons(connection, release, data_sha256)
            if seasons and seasons[-1].closed_at is None:  # another writer has opened one meanwhile
                return seasons[-1]
            secret = secrets.token_hex(SECRET_BYTES)
            season = Season(release, data_sha256, len(seasons) + 1, rows, _read_time(connection), secret)
            row = vars(season) | {"secret_sha256": season.secret_sha256}
            connection.execute(insert(schema.seasons).values(row))
            return season

    def list_seasons(self, release: str, data_sha256: str) -> list[Season]:
        """Return the seasons of a release's version, the oldest first; only the last may be open."""
        with self._database.read() as connection:
            return _list_seasons(connection, release, data_sha256)

    def close_season(self, release: str, data_sha256: str) -> Receipt:
        """Return the receipt that closes the open season of a release's version, and reveals its secret.

        The exact figures of its entries follow in the log.

        Raises:
            UnknownNameError: if no season is open.
        """
        version = {"release": release, "data_sha256": data_sha256}
        here = update(schema.seasons).filter_by(**version, closed_at=None)
        with self._database.write() as connection:
            if not connection.execute(here.values(closed_at=_read_time(connection))).rowcount:
                raise UnknownNameError(f"{release} has no open season. The first request for its challenge opens one.")
            season = _list_seasons(connection, **version)[-1]
            receipt = _append_receipt(connection, SEASON, version | season.to_json())
            for result in reveal_entries(connection, name_ranking(**version, season=season)):
                _append_receipt(connection, RESULT, result)
            return receipt

    def keep_x(self, season: Season, x: Array, fingerprint: str) -> Season:
        """Return the season after its x `(n, d)` was kept, with the fingerprint of this machine, unless one was."""
        content = {"x": write_npy(x), "x_sha256": hash_array(x), "fingerprint": fingerprint}
        here = update(schema.seasons).filter_by(**_name_season(season), x_sha256=None)
        with self._database.write() as connection:
            connection.execute(here.values(content))
            return _list_seasons(connection, season.release, season.data_sha256)[season.number - 1]

    def read_x(self, season: Season) -> bytes:
        """Return the x of a season as it was kept, as `.npy`; raise `UnknownNameError` if its rows were never drawn."""
        with self._database.read() as connection:
            x = connection.scalar(select(schema.seasons.c.x).filter_by(**_name_season(season)))
        if x is None:
            raise UnknownNameError(f"season {season.number} of {season.release} was closed before its x was drawn.")
        return bytes(x)

    def head(self) -> str:
        """Return the sha256 of the last receipt; 64 zeros for an empty log."""
        with self._database.read() as connection:
            return _find_last(connection)[1]

    def read_log(self) -> Iterator[bytes]:
        """Yield the log as it is at the first step, in chunks of whole lines; no transaction is open between steps."""
        receipts = schema.receipts.c
        with self._database.read() as connection:
            last = _find_last(connection)[0]
        for first in range(1, last + 1, PAGE_RECEIPTS):
            page = receipts.number.between(first, min(first + PAGE_RECEIPTS - 1, last))
            with self._database.read() as connection:
                texts = connection.scalars(select(receipts.text).where(page).order_by(receipts.number)).all()
            yield "".join(f"{text}\n" for text in texts).encode()

    def _describe(
        self, ranking: Ranking, submission: Submission, verdict: Verdict, season: Season | None
    ) -> dict[str, Any]:
        """Return the values of a score's receipt, apart from its position in the log, its figures and its status."""
        values = ranking | {
            "predictions_sha256": verdict.predictions_sha256,
            "submission": asdict(submission),
            "ceiling": verdict.ceiling,
            "scorer": SCORER,
        }
        if season is not None:
            return values | {"secret_sha256": season.secret_sha256}
        del values["season"]
        private = asdict(verdict.private) if verdict.private else None
        return values | {"private": private, "private_seed_sha256": self.private_seed_sha256}


def _try(connection: Connection, ranking: Ranking, verdict: Verdict) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the receipt of a new entry shows, and the score that the answer repeats if it is held."""
    if verdict.trial is None:
        return verdict.to_json(), {}
    errors, best = find_best(connection, ranking) or (verdict.trial.null_errors, verdict.trial.null.to_json())
    if verdict.trial.is_better(errors):
        return {"score": verdict.trial.shown.to_json(), "status": verdict.status}, {}
    return {"status": "held"}, best


def _append_receipt(connection: Connection, kind: str, values: dict[str, Any]) -> Receipt:
    """Return a new receipt at the end of the log; the transaction must keep other writers out."""
    number, previous = _find_last(connection)
    receipt = make_receipt(kind, values, number + 1, previous, _read_time(connection))
    row = {"number": receipt.number, "sha256": receipt.sha256, "text": receipt.text}
    connection.execute(insert(schema.receipts).values(row))
    return receipt


def _find_last(connection: Connection) -> tuple[int, str]:
    """Return the number and the sha256 of the last receipt; 0 and 64 zeros for an empty log."""
    receipts = schema.receipts.c
    last = select(receipts.number, receipts.sha256).order_by(receipts.number.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    return (row.number, row.sha256) if row is not None else (0, NO_RECEIPT)


def _list_seasons(connection: Connection, release: str, data_sha256: str) -> list[Season]:
    columns = [schema.seasons.c[field.name] for field in fields(Season)]
    query = select(*columns).filter_by(release=release, data_sha256=data_sha256).order_by(schema.seasons.c.number)
    return [Season(*row) for row in connection.execute(query)]


def _name_season(season: Season) -> dict[str, Any]:
    return {"release": season.release, "data_sha256": season.data_sha256, "number": season.number}


def _read_time(connection: Connection) -> str:
    """Return the time now, UTC in ISO 8601, or that of the last receipt if the clock was set back since."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    receipts = schema.receipts.c
    last = connection.scalar(select(receipts.text).order_by(receipts.number.desc()).limit(1))
    return now if last is None else max(now, json.loads(last)["time"])
