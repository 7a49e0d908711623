"""The database under the store: a SQLite file, or PostgreSQL by URL; its transactions and their errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from eval.leaderboard import schema
from ld_data.errors import InputError, StorageError

BUSY_SECONDS = 30
POSTGRESQL: dict[str, Any] = {"pool_pre_ping": True, "hide_parameters": True, "isolation_level": "READ COMMITTED"}
NOW = "EXTRACT(EPOCH FROM clock_timestamp())"  # of PostgreSQL, the same for all hosts
HELD = f"LEAST(:most, buckets.held + ({NOW} - buckets.at) * :most / 60)"
TAKE = f"""
    INSERT INTO buckets (client, held, at) VALUES (:client, :most - 1, {NOW})
    ON CONFLICT (client) DO UPDATE SET held = {HELD} - 1, at = {NOW} WHERE {HELD} >= 1
    RETURNING held
"""  # noqa: S608
FORGET = f"""
    DELETE FROM buckets WHERE client IN (
        SELECT client FROM buckets WHERE at < {NOW} - 60 LIMIT 100 FOR UPDATE SKIP LOCKED
    )
"""  # noqa: S608
LOCK_NUMBER = 0x1DDA7A  # the PostgreSQL advisory lock of writers, so that they take turns


class Database:
    """Transactions on a database with up-to-date tables; a failing database raises `StorageError`."""

    def __init__(self, place: str | Path) -> None:
        """Open or make the database at a place: the path of a SQLite file, or a database URL.

        Raises:
            InputError: for a URL of another kind of database.
            StorageError: if the database cannot be used.
        """
        url = _read_place(place)
        is_file = url.get_backend_name() == "sqlite"
        self.name = str(url.database) if is_file else url.render_as_string(hide_password=True)
        with self._convert_errors():
            self._engine = _open_sqlite(url) if is_file else create_engine(url, **POSTGRESQL)
        try:
            with self.write() as connection:
                revision = schema.read_revision(connection)
                if revision is None:
                    schema.make_tables(connection)
                elif revision != schema.REVISION:
                    # import late: Alembic costs more time than SQLAlchemy, and only an older database needs it
                    from eval.leaderboard.migrations import migrate

                    migrate(connection, self.name)
        except StorageError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that only reads."""
        with self._convert_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, one at a time among all threads and processes; then it is on disk.

        After any error nothing is written.
        """
        engine = self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with self._convert_errors(), engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL synchronous_commit TO on"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
            yield connection

    def take_request(self, client: str, per_minute: int) -> float | None:
        """Return the seconds until a client may send a request: 0 if it may now, and then the request is counted.

        A bucket holds a minute's requests, and refills steadily, for all processes and hosts of a service together.
        None on SQLite, which serves one host: its writers take turns for the disk, and should not do so for this.
        """
        if self._engine.dialect.name != "postgresql":
            return None
        values = {"client": client, "most": float(per_minute)}
        with self._convert_errors(), self._engine.connect() as connection, connection.begin():
            connection.execute(text("SET LOCAL synchronous_commit TO off"))  # a crash may forget the last ones
            if connection.execute(text(TAKE), values).first():
                connection.execute(text(FORGET))  # buckets that are full again; after the own one, so that none waits
                return 0.0
            held = connection.scalar(text(f"SELECT {HELD} FROM buckets WHERE client = :client"), values)  # noqa: S608
            return max(0.001, (1 - float(held or 0)) * 60 / per_minute)

    def close(self) -> None:
        """Close the connections; the next transaction opens new ones."""
        self._engine.dispose()

    @contextmanager
    def _convert_errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StorageError(
                f"the leaderboard {self.name} cannot be used: {str(cause).strip()}. Check the path or the address, the "
                "permissions and the disk."
            ) from error


def _read_place(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(Path(place).expanduser()))
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:
        raise InputError("the leaderboard's address is not a database URL. Pass the path of a file instead.") from error
    if url.drivername.partition("+")[0] in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite")
    raise InputError(
        f"the leaderboard must be a SQLite file or a PostgreSQL database (postgresql+psycopg://...); received "
        f"{url.render_as_string(hide_password=True)}."
    )


def _open_sqlite(url: URL) -> Engine:
    """Return an engine that opens the file for each transaction and keeps nothing open between them."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    Path(str(url.database)).touch(0o600)  # a new file is its owner's only, since it will hold the secret seed

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: object) -> None:
        connection.isolation_level = None  # otherwise Python's driver begins transactions by rules of its own
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


@retry(retry=retry_if_exception(_is_busy), wait=wait_fixed(0.01), stop=stop_after_delay(BUSY_SECONDS), reraise=True)
def _write_ahead(connection: Any) -> None:
    """Turn on the write-ahead log of a file; try again while another process does so, since SQLite does not wait."""
    connection.execute("PRAGMA journal_mode = WAL")
