"""Make the table of seasons, and let an entry belong to a track and a season, and be found by name and link."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXTS = {"name": 100, "url": 300}


def upgrade() -> None:
    """Make the table and the columns; the entries that are there stay, on the public track."""
    op.create_table(
        "seasons",
        sa.Column("release", sa.String(255), primary_key=True),
        sa.Column("data_sha256", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("opened_at", sa.String(32), nullable=False),
        sa.Column("closed_at", sa.String(32)),
    )
    op.add_column("entries", sa.Column("track", sa.String(16), nullable=False, server_default="public"))
    op.add_column("entries", sa.Column("season", sa.Integer, nullable=False, server_default="0"))
    for name, length in TEXTS.items():
        op.add_column("entries", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    _fill_texts(op.get_bind())
    board = ["release", "data_sha256", "track", "season"]
    op.drop_index("entries_in_order", "entries")
    op.create_index("entries_in_order", "entries", [*board, "status", "noise_free_mse", "number"])
    op.create_index("entries_by_name", "entries", [*board, "name"])
    op.drop_index("entries_by_predictions", "entries")
    predictions = ["data_sha256", "track", "season", "predictions_sha256"]
    op.create_index("entries_by_predictions", "entries", predictions, unique=True)


def _fill_texts(connection: sa.Connection) -> None:
    """Copy name and link of each entry from its receipt."""
    entries = sa.table("entries", *[sa.column(name) for name in ("number", *TEXTS)])
    receipts = sa.table("receipts", sa.column("number"), sa.column("text"))
    numbers = connection.scalars(sa.select(entries.c.number)).all()
    for number in numbers:  # one after another: a leaderboard's receipts need not fit into memory
        text = connection.scalar(sa.select(receipts.c.text).where(receipts.c.number == number))
        submission = json.loads(str(text)).get("submission", {})
        values = {name: submission.get(name, "") for name in TEXTS}
        connection.execute(sa.update(entries).where(entries.c.number == number).values(values))
