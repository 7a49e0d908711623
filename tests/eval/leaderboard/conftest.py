from collections.abc import Iterator

import pytest

from eval.leaderboard.store import Store
from tests.support.databases import Postgresql, find_postgresql, make_database, serve_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL of the tests' own; tests that need it are skipped where it is not installed."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip("needs PostgreSQL's programs, as Debian's package postgresql brings them")
    with serve_postgresql(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def place(request, tmp_path) -> str:
    """Where a store of the test's own may be: the path of a file, or the URL of an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "scores.sqlite")
    return make_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def store(place):
    """An empty store, on SQLite and on PostgreSQL."""
    store = Store(place)
    yield store
    store.close()
