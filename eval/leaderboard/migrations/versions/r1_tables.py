"""Make the tables of receipts, predictions, entries, seasons and secrets."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

RANKING = ["release", "data_sha256", "track", "season"]


def upgrade() -> None:
    """Make all tables and their indices."""
    op.create_table(
        "receipts",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "predictions",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    _make_entries()
    _make_seasons()


def _make_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("number", sa.Integer, sa.ForeignKey("receipts.number"), primary_key=True, autoincrement=False),
        sa.Column("release", sa.String(255), nullable=False),
        sa.Column("data_sha256", sa.String(64), nullable=False),
        sa.Column("track", sa.String(16), nullable=False),
        sa.Column("season", sa.Integer, nullable=False),
        sa.Column("predictions_sha256", sa.String(64), sa.ForeignKey("predictions.sha256"), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("noise_free_mse", sa.Double, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.String(300), nullable=False),
    )
    op.create_index("entries_in_order", "entries", [*RANKING, "status", "noise_free_mse", "number"])
    op.create_index("entries_by_name", "entries", [*RANKING, "name"])
    predictions = ["data_sha256", "track", "season", "predictions_sha256"]
    op.create_index("entries_by_predictions", "entries", predictions, unique=True)


def _make_seasons() -> None:
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
