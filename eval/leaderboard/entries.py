"""Entries of the leaderboard in the store, and their ranks."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select

from eval.leaderboard import schema
from eval.leaderboard.challenge import Season
from eval.leaderboard.log import parse_receipt
from eval.leaderboard.receipts import Receipt
from eval.leaderboard.seasons import name_track
from eval.leaderboard.submission import Submission
from eval.leaderboard.verification import Status, Verdict
from ld_data.errors import DuplicateError, FullError, UnknownNameError

MAX_NAME_ENTRIES = 20  # of one name in a season: each score reveals a little of the secret labels
OPTIONAL_FACTS = ("season", "status", "private", "ceiling", "predictions_sha256")  # season, private: on one track each


@dataclass(frozen=True)
class Entry:
    """One accepted score, as its receipt holds it."""

    receipt: Receipt

    @property
    def status(self) -> Status:
        """Whether it is ranked, or listed apart as suspect."""
        return self.receipt.values["status"]

    def to_json(self) -> dict[str, Any]:
        """Return the entry as one flat object; the score on the private draw is nested in it."""
        values = self.receipt.values
        facts = {name: values[name] for name in OPTIONAL_FACTS if name in values}
        return {
            "id": values["number"],
            "track": values["track"],
            "submitted_at": values["time"],
            **values["submission"],
            **values["score"],
            **facts,
            "receipt_sha256": self.receipt.sha256,
        }


@dataclass(frozen=True)
class Ranking:
    """The entries that are ranked together: those of one release's version on one track and season.

    The fields are columns of the entries.
    """

    release: str
    data_sha256: str
    track: str
    season: int

    @classmethod
    def of(cls, release: str, data_sha256: str, season: Season | None) -> Self:
        """Return the public ranking of a release's version, or the ranking of a season."""
        return cls(release, data_sha256, *name_track(season))

    @property
    def matches(self) -> ColumnElement[bool]:
        """The condition that an entry belongs to this ranking."""
        return and_(*(schema.entries.c[name] == value for name, value in vars(self).items()))


def add_entry(
    connection: Connection, ranking: Ranking, receipt: Receipt, submission: Submission, verdict: Verdict
) -> None:
    """Store an entry and its predictions."""
    _store_predictions(connection, verdict)
    row = vars(ranking) | {
        "number": receipt.number,
        "predictions_sha256": verdict.predictions_sha256,
        "status": verdict.status,
        "noise_free_mse": verdict.score.noise_free_mse,
        "name": submission.name,
        "url": submission.url,
    }
    connection.execute(insert(schema.entries).values(row))


def delete_entry(connection: Connection, number: int, predictions_sha256: str) -> None:
    """Delete an entry, and its predictions unless another entry has the same ones."""
    entries = schema.entries.c
    connection.execute(delete(schema.entries).where(entries.number == number))
    others = select(entries.number).where(entries.predictions_sha256 == predictions_sha256)
    if connection.execute(others).first() is None:
        connection.execute(delete(schema.predictions).where(schema.predictions.c.sha256 == predictions_sha256))


def find_hashes(connection: Connection, release: str, number: int) -> tuple[str, str]:
    """Return the sha256 of an entry's receipt, and of its predictions.

    Raises:
        UnknownNameError: if the release has no such entry.
    """
    entries, receipts = schema.entries.c, schema.receipts.c
    query = (
        select(receipts.sha256, entries.predictions_sha256)
        .join(schema.entries, entries.number == receipts.number)
        .where(entries.release == release, entries.number == number)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownNameError(f"{release} has no entry {number}, or it was removed before.")
    return row.sha256, row.predictions_sha256


def list_best(connection: Connection, ranking: Ranking, status: Status, limit: int) -> list[Entry]:
    """Return the best entries of a status: the lowest noise-free MSE first, the older of a tie first."""
    entries, receipts = schema.entries.c, schema.receipts.c
    best = (
        select(receipts.text)
        .join(schema.entries, entries.number == receipts.number)
        .where(ranking.matches, entries.status == status)
        .order_by(entries.noise_free_mse, entries.number)
        .limit(limit)
    )
    return [Entry(parse_receipt(text)) for text in connection.scalars(best)]


def find_rank(connection: Connection, ranking: Ranking, noise_free_mse: float, number: int) -> int:
    """Return the rank, from 1, of a ranked entry by its noise-free MSE and number: the older of a tie comes first."""
    entries = schema.entries.c
    same = entries.noise_free_mse == noise_free_mse
    before = (entries.noise_free_mse < noise_free_mse) | (same & (entries.number < number))
    query = select(func.count()).where(ranking.matches, entries.status == "ranked", before)
    return 1 + int(connection.execute(query).scalar_one())


def rank_names(connection: Connection, ranking: Ranking, names: Collection[str]) -> dict[tuple[str, str], int]:
    """Return the best rank, from 1, of the ranked entries with each of these names, by name and url."""
    entries = schema.entries.c
    place = func.row_number().over(order_by=(entries.noise_free_mse, entries.number)).label("place")
    ranked = select(entries.name, entries.url, place).where(ranking.matches, entries.status == "ranked").subquery()
    best = (
        select(ranked.c.name, ranked.c.url, func.min(ranked.c.place).label("best"))
        .where(ranked.c.name.in_(names))
        .group_by(ranked.c.name, ranked.c.url)
    )
    return {(row.name, row.url): row.best for row in connection.execute(best)}


def check_new(connection: Connection, ranking: Ranking, predictions_sha256: str) -> None:
    """Check that these predictions are not ranked yet.

    Raises:
        DuplicateError: if the version of the release has them already, on this track and season.
    """
    entries = schema.entries.c
    same = and_(
        entries.data_sha256 == ranking.data_sha256,
        entries.track == ranking.track,
        entries.season == ranking.season,
        entries.predictions_sha256 == predictions_sha256,
    )
    number = connection.execute(select(entries.number).where(same)).scalar_one_or_none()
    if number is not None:
        raise DuplicateError(
            f"these very predictions are entry {number} already, and are not ranked twice. Submit predictions of "
            "another model, or ask the operator to remove that entry first."
        )


def check_room(connection: Connection, ranking: Ranking, max_entries: int) -> None:
    """Check that a release may have another entry on a track and season.

    Raises:
        FullError: if it has `max_entries`, over all its versions.
    """
    entries = schema.entries.c
    here = and_(entries.release == ranking.release, entries.track == ranking.track, entries.season == ranking.season)
    if connection.execute(select(func.count()).where(here)).scalar_one() >= max_entries:
        raise FullError(
            f"the leaderboard of {ranking.release} holds {max_entries} entries, the most it may. Nothing was stored; "
            "ask the operator to remove some."
        )


def check_name(connection: Connection, ranking: Ranking, name: str) -> None:
    """Check that a name may have another entry in a season.

    Raises:
        FullError: if it has `MAX_NAME_ENTRIES`.
    """
    query = select(func.count()).where(ranking.matches, schema.entries.c.name == name)
    if connection.execute(query).scalar_one() >= MAX_NAME_ENTRIES:
        raise FullError(
            f"a season takes at most {MAX_NAME_ENTRIES} submissions under one name, since each score reveals a little "
            "of its secret labels. Nothing was stored; compare models on training rows, or wait for the next season."
        )


def _store_predictions(connection: Connection, verdict: Verdict) -> None:
    """Store predictions unless another entry has the same ones."""
    predictions, sha256 = schema.predictions, verdict.predictions_sha256
    if connection.execute(select(predictions.c.rows).where(predictions.c.sha256 == sha256)).first() is None:
        values = verdict.predictions.values
        row = {"sha256": sha256, "rows": len(values), "bytes": values.astype("<f4").tobytes()}
        connection.execute(insert(predictions).values(row))
