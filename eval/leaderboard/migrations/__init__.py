"""Revisions of the store's tables, one module each; `migrate` applies them in order."""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from ld_data.errors import StorageError

FOLDER = Path(__file__).parent
REVISIONS = ScriptDirectory(FOLDER, version_locations=[FOLDER])


def migrate(connection: Connection, database: str) -> None:
    """Bring the tables of a database up to date within the connection's transaction, which keeps other writers out.

    Raises:
        StorageError: for a database whose revision is unknown here; the message names the `database`.
    """
    list_steps = {"fn": lambda revision, _: REVISIONS._upgrade_revs("head", revision)}
    context = MigrationContext.configure(connection, opts=list_steps)
    try:
        with Operations.context(context):
            context.run_migrations()
    except CommandError as error:
        raise StorageError(
            f"the leaderboard {database} has the tables of another version of LD-Data ({error}). Use that version, or "
            "another leaderboard."
        ) from error
