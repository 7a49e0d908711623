"""Revisions of the store's tables, one module each in `versions`; `migrate` applies them in order."""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, StampStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from ld_data.errors import StorageError


def migrate(connection: Connection, database: str) -> None:
    """Bring the tables of a database up to date within the connection's transaction.

    The transaction must keep other migrations out. `database` is its name in messages.

    Raises:
        StorageError: for a database whose revision is unknown here.
    """
    script = ScriptDirectory(Path(__file__).parent)

    def list_steps(revision: tuple[str, ...], _: MigrationContext) -> list[StampStep]:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type, return-value]

    context = MigrationContext.configure(connection, opts={"fn": list_steps})
    try:
        with Operations.context(context):
            context.run_migrations()
    except CommandError as error:
        raise StorageError(
            f"the leaderboard {database} has the tables of another version of LD-Data ({error}). Use that version, or "
            "another leaderboard."
        ) from error
