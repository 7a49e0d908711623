import sqlite3
import stat
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from eval.leaderboard import schema
from eval.leaderboard.database import Database
from eval.leaderboard.migrations import REVISIONS, migrate
from ld_data.errors import InputError, StorageError

ROW = {"number": 1, "sha256": "a", "text": "b"}


@pytest.fixture
def database(place):
    database = Database(place)
    yield database
    database.close()


def count(database):
    with database.read() as connection:
        return len(connection.execute(select(schema.receipts)).all())


@pytest.mark.parametrize("make", [schema.make_tables, lambda connection: migrate(connection, "new")])
def test_a_new_database_and_migrations_have_the_tables_that_the_code_expects(place, monkeypatch, make):
    monkeypatch.setattr(schema, "make_tables", make)
    database = Database(place)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        assert schema.read_revision(connection) == schema.REVISION
    database.close()


def test_the_revision_that_the_code_expects_is_the_last(database):
    assert REVISIONS.get_current_head() == schema.REVISION
    with database.read() as connection:
        assert schema.read_revision(connection) == schema.REVISION


def test_an_up_to_date_database_is_opened_without_the_migrations(database, place, monkeypatch):
    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr("eval.leaderboard.migrations.migrate", refuse)
    Database(place).close()


def test_opening_again_changes_nothing(database, place):
    with database.write() as connection:
        connection.execute(insert(schema.receipts).values(ROW))
    again = Database(place)
    assert count(again) == 1
    again.close()


def test_an_error_in_a_transaction_undoes_it(database):
    def write_in_vain():
        with database.write() as connection:
            connection.execute(insert(schema.receipts).values(ROW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_in_vain()
    assert count(database) == 0


def test_a_database_of_another_version_is_refused_and_left_alone(database, place):
    for revision in ("9999", "0002"):
        with database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})
        with pytest.raises(StorageError, match=rf"another version of LD-Data .*{revision}.*Use that version"):
            Database(place)
        with database.read() as connection:
            assert schema.read_revision(connection) == revision


def test_a_sqlite_file_is_durable_and_private(tmp_path):
    path = tmp_path / "scores.sqlite"
    database = Database(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with database.read() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2]


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+pysqlite", "sqlite+aiosqlite"])
def test_a_sqlite_url_opens_its_file(tmp_path, driver):
    Database(f"{driver}:///{tmp_path}/a.sqlite")
    assert (tmp_path / "a.sqlite").exists()


def test_a_file_that_is_not_a_database_is_refused_and_left_alone(tmp_path):
    words = "my thesis, not a database, longer than a header of one hundred bytes" * 9
    (tmp_path / "a").write_text(words)
    with pytest.raises(StorageError, match="cannot be used"):
        Database(tmp_path / "a")
    assert (tmp_path / "a").read_text() == words


def test_a_missing_folder_is_a_clear_error(tmp_path):
    with pytest.raises(StorageError, match="Check the path"):
        Database(tmp_path / "nowhere" / "scores.sqlite")


def test_a_writer_that_never_ends_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("eval.leaderboard.database.BUSY_SECONDS", 0.1)
    database = Database(tmp_path / "a")
    other = sqlite3.connect(tmp_path / "a", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked"), database.write():
        pass
    assert count(database) == 0  # reading goes on
    other.close()


def test_opening_waits_for_another_process_that_sets_up_the_file(tmp_path):
    """SQLite itself does not wait for a change of the journal's mode."""
    other = sqlite3.connect(tmp_path / "a", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    end = threading.Timer(0.2, other.rollback)
    end.start()
    assert count(Database(tmp_path / "a")) == 0
    end.join()
    other.close()


@pytest.mark.parametrize("url", ["mysql://me:hidden@a/b", "sqlite://", "sqlite:///:memory:", "no://", "://"])
def test_another_kind_of_database_is_refused_without_its_password(url):
    with pytest.raises(InputError, match=r"SQLite|database URL") as caught:
        Database(url)
    assert "hidden" not in str(caught.value)


def test_a_missing_server_is_reported_without_its_password():
    with pytest.raises(StorageError, match="Check the path or the address") as caught:
        Database("postgresql://me:hidden@127.0.0.1:9/b")
    assert "hidden" not in str(caught.value)
