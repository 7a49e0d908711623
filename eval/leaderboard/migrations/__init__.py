"""Changes of the store's tables, one module each in `versions`, which `migrate` applies in their order."""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, StampStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def migrate(connection: Connection, target: str = "head") -> None:
    """Bring the tables up to date, or up to the change `target`, within the connection's transaction.

    That must keep other migrations out. Raises alembic's `CommandError` for a database that a newer version of the
    service has changed.
    """
    script = ScriptDirectory(Path(__file__).parent)

    def list_steps(revision: tuple[str, ...], _: MigrationContext) -> list[StampStep]:
        return script._upgrade_revs(target, revision)  # type: ignore[arg-type, return-value]

    context = MigrationContext.configure(connection, opts={"fn": list_steps})
    with Operations.context(context):
        context.run_migrations()
