"""The tables of the store, as `eval.leaderboard.migrations` makes them."""

from sqlalchemy import (
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    text,
)

metadata = MetaData()
REVISION = "1"  # the newest revision in `eval.leaderboard.migrations`
RANKING = ("release", "data_sha256", "track", "season")  # entries that agree in these are ranked together

# The log: a receipt's text holds everything that is known of a score.
receipts = Table(
    "receipts",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("text", Text, nullable=False),
)

predictions = Table(
    "predictions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("bytes", LargeBinary, nullable=False),  # little-endian float32 in C order
)

# Standing scores, with the columns that queries search and sort by.
entries = Table(
    "entries",
    metadata,
    Column("number", Integer, ForeignKey("receipts.number"), primary_key=True, autoincrement=False),
    Column("release", String(255), nullable=False),
    Column("data_sha256", String(64), nullable=False),
    Column("track", String(16), nullable=False),
    Column("season", Integer, nullable=False),  # 0 on the public track, which has no seasons
    Column("predictions_sha256", String(64), ForeignKey("predictions.sha256"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("noise_free_mse", Double, nullable=False),
    Column("name", String(100), nullable=False),
    Column("url", String(300), nullable=False),
    Index("entries_in_order", *RANKING, "status", "noise_free_mse", "number"),
    Index("entries_by_name", *RANKING, "name"),
    Index("entries_by_predictions", "data_sha256", "track", "season", "predictions_sha256", unique=True),
)

# Seasons of the challenge track.
seasons = Table(
    "seasons",
    metadata,
    Column("release", String(255), primary_key=True),
    Column("data_sha256", String(64), primary_key=True),  # of the public test set: the version of the release
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("opened_at", String(32), nullable=False),
    Column("closed_at", String(32)),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)


def read_revision(connection: Connection) -> str | None:
    """Return the revision of a database's tables; None for a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
