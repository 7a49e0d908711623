"""A real PostgreSQL for the tests, from the programs of Debian's package, on a Unix socket."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

UNPRIVILEGED = 65534  # user id without rights
SPEED = "-c fsync=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=60"


@dataclass(frozen=True)
class Postgresql:
    """A server with its socket in `folder`."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def conninfo(self) -> str:
        return f"host={self.folder} user=tester dbname=postgres"


def find_postgresql() -> Path | None:
    """Return the newest folder with PostgreSQL's programs."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return folders[-1].parent if folders else None


@contextmanager
def serve_postgresql(programs: Path) -> Iterator[Postgresql]:
    folder = Path(tempfile.mkdtemp(prefix="ld-pg-", dir="/tmp"))  # a socket's path must be short
    data, user = folder / "data", _choose_user()
    if user is not None:
        shutil.chown(folder, user)
    run(user, programs / "initdb", "-D", data, "-U", "tester", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
    options = f"-k {folder} -c listen_addresses='' {SPEED}"
    run(user, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield Postgresql(folder)
    finally:
        run(user, programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def make_database(server: Postgresql) -> str:
    """Return the URL of a new, empty schema: it replaces a database, and is made a hundred times faster."""
    name = f"scores_{next(server.numbers)}"
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"postgresql+psycopg://tester@/postgres?host={server.folder}&options=-csearch_path%3D{name}"


def _choose_user() -> str | None:
    """Return a user for the server, which refuses to run as root; None for the current user."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else pwd.getpwuid(UNPRIVILEGED).pw_name


def run(user: str | None, *command: object) -> None:
    rights = {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    subprocess.run(
        [str(word) for word in command], check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60, **rights
    )
