"""The database under the store: a SQLite file, or PostgreSQL by URL; its transactions and their errors."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from eval.leaderboard import schema as tables
from ld_data.errors import InputError, StorageError

BUSY_SECONDS = 30
RETRY_SECONDS = 0.01
LOCK_NUMBER = 0x1DDA7A  # of PostgreSQL's advisory lock that writers of one database take in turn
POSTGRESQL = ("postgresql", "postgres")


class Database:
    """Transactions on a database whose tables are up to date."""

    def __init__(self, place: str | Path) -> None:
        """Open or make it; `place` is the path of a SQLite file, or a database URL.

        Raises `InputError` for a URL of another kind of database, `StorageError` if it cannot be used.
        """
        url = _read_place(place)
        self.name = url.render_as_string(hide_password=True) if _is_url(place) else str(place)
        self._engine = _open_sqlite(url) if url.get_backend_name() == "sqlite" else _open_postgresql(url)
        try:
            with self.write() as connection:
                if tables.read_revision(connection) != tables.REVISION:
                    self._migrate(connection)
        except StorageError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that only reads; raise `StorageError` if the database fails."""
        with self._tell_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, one at a time among all threads and processes; it is on disk afterwards.

        Raises `StorageError` if the database fails; nothing is written then, nor after any other error.
        """
        engine = self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with self._tell_errors(), engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL synchronous_commit TO on"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
            yield connection

    def close(self) -> None:
        """Close the connections; the next transaction opens new ones."""
        self._engine.dispose()

    def _migrate(self, connection: Connection) -> None:
        from alembic.util import CommandError  # takes longer to import than sqlalchemy, and is needed once

        from eval.leaderboard.migrations import migrate

        try:
            migrate(connection)
        except CommandError as error:
            raise StorageError(
                f"the leaderboard {self.name} was changed by a newer version of LD-Data ({error}). Use that one, or "
                "another leaderboard."
            ) from error

    @contextmanager
    def _tell_errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StorageError(
                f"the leaderboard {self.name} cannot be used: {str(cause).strip()}. Check the path or the address, the "
                "permissions and the disk."
            ) from error


def _is_url(place: str | Path) -> bool:
    return isinstance(place, str) and "://" in place


def _read_place(place: str | Path) -> URL:
    if not _is_url(place):
        return URL.create("sqlite", database=str(Path(place).expanduser()))
    try:
        url = make_url(str(place))
    except (ArgumentError, ValueError) as error:
        raise InputError("the leaderboard's address is no database URL. Pass the path of a file instead.") from error
    if url.drivername.partition("+")[0] in POSTGRESQL:
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite")
    raise InputError(
        f"the leaderboard must be a SQLite file or a PostgreSQL database (postgresql+psycopg://...); received "
        f"{url.render_as_string(hide_password=True)}."
    )


def _open_sqlite(url: URL) -> Engine:
    """Return an engine that opens the file for each transaction, so that nothing is held between them."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    _make_private(Path(str(url.database)))

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: object) -> None:
        connection.isolation_level = None  # else Python's driver begins transactions when it sees fit
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


def _write_ahead(connection: Any) -> None:
    """Let a file keep a write-ahead log; of several that change a new one at once, SQLite lets all but one fail."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(RETRY_SECONDS)


def _make_private(path: Path) -> None:
    """Make a new file that its owner alone may read, since the secret seed goes into it; leave one that is there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StorageError(
            f"the leaderboard {path} cannot be made: {error}. Check the path, its permissions and the disk."
        ) from error


def _open_postgresql(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, isolation_level="READ COMMITTED")
