"""The seasons of the challenge track in the store: the open one, and the closed ones."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from eval.leaderboard import schema
from eval.leaderboard.challenge import Season
from eval.leaderboard.receipts import CHALLENGE, PUBLIC
from ld_data.errors import InputError, UnknownNameError

NO_SEASON = 0  # the season number of entries on the public track


def list_all(connection: Connection, release: str, data_sha256: str) -> list[Season]:
    """Return the seasons of a release's version, the oldest first."""
    query = select(schema.seasons).where(_belongs(release, data_sha256)).order_by("number")
    return [_make_season(row) for row in connection.execute(query)]


def find_open(connection: Connection, release: str, data_sha256: str) -> Season | None:
    """Return the open season of a release's version, or None."""
    return next((season for season in list_all(connection, release, data_sha256) if season.closed_at is None), None)


def open_next(connection: Connection, release: str, data_sha256: str, rows: int) -> Season:
    """Return the open season, or open a new one; the transaction must keep other writers out."""
    seasons = list_all(connection, release, data_sha256)
    if seasons and seasons[-1].closed_at is None:
        return seasons[-1]
    season = Season.draw(release, data_sha256, len(seasons) + 1, rows, _read_time())
    row = vars(season) | {"secret_sha256": season.secret_sha256}
    connection.execute(insert(schema.seasons).values(row))
    return season


def close(connection: Connection, release: str, data_sha256: str) -> Season:
    """Close the open season and return it.

    Raises:
        UnknownNameError: if no season is open.
    """
    season = find_open(connection, release, data_sha256)
    if season is None:
        raise UnknownNameError(f"{release} has no open season. The first request for its challenge opens one.")
    here = _belongs(release, data_sha256) & (schema.seasons.c.number == season.number)
    connection.execute(update(schema.seasons).where(here).values(closed_at=_read_time()))
    return list_all(connection, release, data_sha256)[-1]


def check_open(connection: Connection, season: Season) -> None:
    """Check that a season is still open.

    Raises:
        InputError: if it was closed in the meantime.
    """
    if find_open(connection, season.release, season.data_sha256) != season:
        raise InputError(
            f"season {season.number} of {season.release} was closed before these predictions arrived. Fetch the x of "
            "the next season, and predict its rows."
        )


def name_track(season: Season | None) -> tuple[str, int]:
    """Return the track and the season number of an entry; None stands for the public track."""
    return (PUBLIC, NO_SEASON) if season is None else (CHALLENGE, season.number)


def _belongs(release: str, data_sha256: str) -> ColumnElement[bool]:
    seasons = schema.seasons.c
    return and_(seasons.release == release, seasons.data_sha256 == data_sha256)


def _read_time() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _make_season(row: Row[tuple[object, ...]]) -> Season:
    return Season(row.release, row.data_sha256, row.number, row.rows, row.opened_at, row.secret, row.closed_at)
