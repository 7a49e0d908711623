"""The tables of the store, as the newest revision in `eval.leaderboard.migrations` makes them."""

import sqlalchemy as sa

metadata = sa.MetaData()
REVISION = "3"  # the newest revision in `eval.leaderboard.migrations`
RANKING = ("release", "data_sha256", "track", "season")  # entries that agree in these are ranked together

# The log: a receipt's text holds everything that is known of a score.
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("text", sa.Text, nullable=False),
)

predictions = sa.Table(
    "predictions",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("seeds", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),  # of each seed
    sa.Column("bytes", sa.LargeBinary, nullable=False),  # little-endian float32 in C order, seed after seed
)

# Standing scores, with the columns that queries search and sort by.
entries = sa.Table(
    "entries",
    metadata,
    sa.Column("number", sa.Integer, sa.ForeignKey("receipts.number"), primary_key=True, autoincrement=False),
    sa.Column("release", sa.String(255), nullable=False),
    sa.Column("data_sha256", sa.String(64), nullable=False),
    sa.Column("track", sa.String(16), nullable=False),
    sa.Column("season", sa.Integer, nullable=False),  # 0 on the public track, which has no seasons
    sa.Column("predictions_sha256", sa.String(64), sa.ForeignKey("predictions.sha256"), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("noise_free_mse", sa.Double, nullable=False),  # exact, for ranks
    sa.Column("seed_margin", sa.Double, nullable=False),  # of its mean over seeds; 0 for one prediction
    sa.Column("name_key", sa.String(100), nullable=False),  # the name as names compare
    sa.Column("url", sa.String(300), nullable=False),
    sa.Column("owner_sha256", sa.String(64), nullable=False),  # of the secret that proves whose name it is
    sa.Column("client", sa.String(64), nullable=False),  # an opaque key of the sender's address
    sa.Column(
        "result", sa.Text
    ),  # JSON of the exact score and the status, for the season's end; null on the public track
    # noise-free error of each row, for tie groups: little-endian float64; last, since SQLite reads what lies before
    sa.Column("errors", sa.LargeBinary, nullable=False),
    sa.Index("entries_in_order", *RANKING, "status", "noise_free_mse", "number"),
    sa.Index("entries_by_name", "name_key"),
    sa.Index("entries_by_client", *RANKING, "client"),
    sa.Index("entries_by_predictions", "data_sha256", "track", "season", "predictions_sha256", unique=True),
)

# Seasons of the challenge track.
seasons = sa.Table(
    "seasons",
    metadata,
    sa.Column("release", sa.String(255), primary_key=True),
    sa.Column("data_sha256", sa.String(64), primary_key=True),  # of the public test set: the version of the release
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("opened_at", sa.String(32), nullable=False),
    sa.Column("closed_at", sa.String(32)),
    # The rows' x is drawn once and kept: the last bits of another processor's draw differ.
    sa.Column("x", sa.LargeBinary),  # .npy
    sa.Column("x_sha256", sa.String(64)),
    sa.Column("fingerprint", sa.Text),
)

secrets = sa.Table(
    "secrets", metadata, sa.Column("name", sa.String(64), primary_key=True), sa.Column("value", sa.Text, nullable=False)
)

# Requests that clients may send, counted for all hosts of a service on PostgreSQL.
buckets = sa.Table(
    "buckets",
    metadata,
    sa.Column("client", sa.String(64), primary_key=True),  # an opaque key
    sa.Column("held", sa.Double, nullable=False),  # requests
    sa.Column("at", sa.Double, nullable=False),  # when, in seconds of the database's clock
)


revisions = sa.Table(  # as Alembic makes it
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def make_tables(connection: sa.Connection) -> None:
    """Make the tables of a new database; refuse one that holds a table of the same name."""
    metadata.create_all(connection, checkfirst=False)
    revisions.create(connection, checkfirst=True)
    connection.execute(revisions.insert().values(version_num=REVISION))


def read_revision(connection: sa.Connection) -> str | None:
    """Return the revision of a database's tables; None for a new database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
