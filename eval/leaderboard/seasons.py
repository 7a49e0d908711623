"""The seasons of the challenge track in the store: the one that is open, and those that were closed."""

from datetime import UTC, datetime

from sqlalchemy import Connection, Row, func, insert, select, update

from eval.leaderboard import schema as tables
from eval.leaderboard.challenge import Season
from eval.leaderboard.receipts import CHALLENGE, PUBLIC
from ld_data.errors import InputError, UnknownNameError

NO_SEASON = 0  # of an entry on the public track


def find_open(connection: Connection, release: str, data_sha256: str) -> Season | None:
    """Return the season of a release's version that is open, or None."""
    return next((season for season in list_all(connection, release, data_sha256) if season.closed_at is None), None)


def list_all(connection: Connection, release: str, data_sha256: str) -> list[Season]:
    """Return the seasons of a release's version, the first one first."""
    seasons = tables.seasons.c
    here = (seasons.release == release) & (seasons.data_sha256 == data_sha256)
    return [_make_season(row) for row in connection.execute(select(tables.seasons).where(here).order_by("number"))]


def open_next(connection: Connection, release: str, data_sha256: str, rows: int) -> Season:
    """Return the open season, a new one if none is; the transaction keeps every other writer out."""
    found = find_open(connection, release, data_sha256)
    if found is not None:
        return found
    seasons = tables.seasons.c
    here = (seasons.release == release) & (seasons.data_sha256 == data_sha256)
    last = connection.execute(select(func.max(seasons.number)).where(here)).scalar_one()
    season = Season.draw(release, data_sha256, (last or 0) + 1, rows, _read_time())
    row = vars(season) | {"secret_sha256": season.secret_sha256}
    connection.execute(insert(tables.seasons).values(row))
    return season


def close(connection: Connection, release: str, data_sha256: str) -> Season:
    """Return the season that was open, closed now; raise `UnknownNameError` if none is."""
    season = find_open(connection, release, data_sha256)
    if season is None:
        raise UnknownNameError(f"{release} has no open season. The first request for its challenge opens one.")
    seasons = tables.seasons.c
    here = (seasons.release == release) & (seasons.data_sha256 == data_sha256) & (seasons.number == season.number)
    connection.execute(update(tables.seasons).where(here).values(closed_at=_read_time()))
    return next(each for each in list_all(connection, release, data_sha256) if each.number == season.number)


def check_open(connection: Connection, season: Season) -> None:
    """Raise `InputError` if a season has been closed meanwhile."""
    if find_open(connection, season.release, season.data_sha256) != season:
        raise InputError(
            f"season {season.number} of {season.release} was closed before these predictions came. Fetch the x of the "
            "next one, and predict that."
        )


def name_track(season: Season | None) -> tuple[str, int]:
    """Return track and season number as an entry has them; None stands for the public track."""
    return (PUBLIC, NO_SEASON) if season is None else (CHALLENGE, season.number)


def _read_time() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _make_season(row: Row[tuple[object, ...]]) -> Season:
    return Season(row.release, row.data_sha256, row.number, row.rows, row.opened_at, row.secret, row.closed_at)
