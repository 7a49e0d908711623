"""Make all tables. The revision that changes one writes the tables as they are now here, since `schema` moves on."""

from alembic import op

from eval.leaderboard import schema

revision = "2"
down_revision = None


def upgrade() -> None:
    """Make the tables and their indices; refuse a database that holds a table of the same name."""
    schema.metadata.create_all(op.get_bind(), checkfirst=False)
