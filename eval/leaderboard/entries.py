"""What is ranked together in the store, and the ranks within it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select

from eval.leaderboard import schema as tables
from eval.leaderboard.challenge import Season
from eval.leaderboard.receipts import PUBLIC, Receipt
from eval.leaderboard.seasons import name_track
from eval.leaderboard.verification import Status, Verdict
from ld_data.errors import DuplicateError, FullError, UnknownNameError


@dataclass(frozen=True)
class Board:
    """What is ranked together; the fields are columns of the entries."""

    release: str
    data_sha256: str
    track: str
    season: int

    @classmethod
    def of(cls, release: str, data_sha256: str, season: Season | None) -> Self:
        """Return the public board of a release's version, or that of a season."""
        return cls(release, data_sha256, *name_track(season))

    @property
    def matches(self) -> ColumnElement[bool]:
        """The condition that an entry belongs here."""
        return and_(*(tables.entries.c[name] == value for name, value in vars(self).items()))


def rank_names(connection: Connection, board: Board, names: Collection[str]) -> dict[tuple[str, str], int]:
    """Return the best rank, from 1, of the ranked entries with each of these names, by name and url."""
    entries = tables.entries.c
    place = func.row_number().over(order_by=(entries.noise_free_mse, entries.number)).label("place")
    ranked = select(entries.name, entries.url, place).where(board.matches, entries.status == "ranked").subquery()
    best = (
        select(ranked.c.name, ranked.c.url, func.min(ranked.c.place).label("best"))
        .where(ranked.c.name.in_(names))
        .group_by(ranked.c.name, ranked.c.url)
    )
    return {(row.name, row.url): row.best for row in connection.execute(best)}


def find_rank(connection: Connection, board: Board, error: float, number: int) -> int:
    """Return the rank, from 1, of the ranked entry of that noise-free MSE and number: a tie goes to the older."""
    entries = tables.entries.c
    before = (entries.noise_free_mse < error) | ((entries.noise_free_mse == error) & (entries.number < number))
    query = select(func.count()).where(board.matches, entries.status == "ranked", before)
    return 1 + int(connection.execute(query).scalar_one())


MAX_NAME_ENTRIES = 20  # of one name in a season: each tells a little of the secret labels
ENTRY_FACTS = ("season", "status", "private", "ceiling", "predictions_sha256")


@dataclass(frozen=True)
class Entry:
    """One accepted score, as its receipt has it."""

    receipt: Receipt

    @property
    def status(self) -> Status:
        """Whether it is ranked, or apart as suspect."""
        return self.receipt.values["status"]

    def to_json(self) -> dict[str, Any]:
        """Return the entry as one flat object, but for the score on the private draw."""
        values = self.receipt.values
        facts = {name: values[name] for name in ENTRY_FACTS if name in values}
        return {
            "id": values["number"],
            "track": values.get("track", PUBLIC),
            "submitted_at": values["time"],
            **values["submission"],
            **values["score"],
            **facts,
            "receipt_sha256": self.receipt.sha256,
        }


def find_entry(connection: Connection, release: str, number: int) -> tuple[str, str]:
    """Return the sha256 of an entry's receipt, and that of its predictions."""
    entries, receipts = tables.entries.c, tables.receipts.c
    query = (
        select(receipts.sha256, entries.predictions_sha256)
        .join(tables.entries, entries.number == receipts.number)
        .where(entries.release == release, entries.number == number)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownNameError(f"{release} has no entry {number}, or it was removed before.")
    return row.sha256, row.predictions_sha256


def check_name(connection: Connection, board: Board, name: str) -> None:
    """Raise `FullError` if a name has as many entries on a board as it may."""
    query = select(func.count()).where(board.matches, tables.entries.c.name == name)
    if connection.execute(query).scalar_one() >= MAX_NAME_ENTRIES:
        raise FullError(
            f"{MAX_NAME_ENTRIES} submissions under one name are as many as a season takes, since each tells a little "
            "of its secret labels. Nothing was stored; compare models on training rows, or wait for the next season."
        )


def check_new(connection: Connection, board: Board, predictions_sha256: str) -> None:
    """Raise `DuplicateError` if a board has these predictions already."""
    entries = tables.entries.c
    same = and_(
        entries.data_sha256 == board.data_sha256,
        entries.track == board.track,
        entries.season == board.season,
        entries.predictions_sha256 == predictions_sha256,
    )
    number = connection.execute(select(entries.number).where(same)).scalar_one_or_none()
    if number is not None:
        raise DuplicateError(
            f"these very predictions are entry {number} already, and are not ranked twice. Submit those of another "
            "model, or let the operator remove that entry first."
        )


def keep_predictions(connection: Connection, verdict: Verdict) -> None:
    """Store predictions once; those of another release's entry may be the same."""
    predictions, sha256 = tables.predictions, verdict.predictions_sha256
    if connection.execute(select(predictions.c.rows).where(predictions.c.sha256 == sha256)).first() is None:
        content = verdict.predictions.astype("<f4").tobytes()
        row = {"sha256": sha256, "rows": len(verdict.predictions), "bytes": content}
        connection.execute(insert(predictions).values(row))


def drop_predictions(connection: Connection, predictions_sha256: str) -> None:
    """Delete predictions that no entry refers to any more."""
    entries = tables.entries.c
    if connection.execute(select(entries.number).where(entries.predictions_sha256 == predictions_sha256)).first():
        return
    connection.execute(delete(tables.predictions).where(tables.predictions.c.sha256 == predictions_sha256))
