"""What is ranked together in the store, and the ranks within it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from sqlalchemy import ColumnElement, Connection, and_, func, select

from eval import tables
from eval.challenge import Season
from eval.seasons import name_track


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
