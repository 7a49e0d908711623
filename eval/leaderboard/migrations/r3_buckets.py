"""Make the table of requests that clients may send; a new database has it already, of the revision before."""

from alembic import op

from eval.leaderboard import schema

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Make the table where it is missing."""
    schema.buckets.create(op.get_bind(), checkfirst=True)
