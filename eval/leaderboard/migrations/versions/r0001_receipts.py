"""Make the tables of receipts, entries, predictions and secrets."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; a table `scores` of the time before receipts is left as it is."""
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
        "entries",
        sa.Column("number", sa.Integer, sa.ForeignKey("receipts.number"), primary_key=True, autoincrement=False),
        sa.Column("release", sa.String(255), nullable=False),
        sa.Column("data_sha256", sa.String(64), nullable=False),
        sa.Column("predictions_sha256", sa.String(64), sa.ForeignKey("predictions.sha256"), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("noise_free_mse", sa.Double, nullable=False),
    )
    order = ["release", "data_sha256", "status", "noise_free_mse", "number"]
    op.create_index("entries_in_order", "entries", order)
    op.create_index("entries_by_predictions", "entries", ["data_sha256", "predictions_sha256"], unique=True)
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
