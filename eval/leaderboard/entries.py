"""Entries of the leaderboard: their rankings, the checks of new ones, and their rows in the store."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from eval.leaderboard import schema
from eval.leaderboard.challenge import Season
from eval.leaderboard.leaks import Status, Verdict
from eval.leaderboard.receipts import CHALLENGE, PUBLIC, Receipt
from eval.leaderboard.submission import Submission
from ld_data.errors import DuplicateError, FullError, UnknownNameError

MAX_NAME_ENTRIES = 20  # of one name in a season: each score reveals a little of the secret labels
NO_SEASON = 0  # the season number of entries on the public track
OPTIONAL_FACTS = ("season", "status", "private", "ceiling", "predictions_sha256")  # season, private: on one track each

Ranking = dict[str, Any]  # values of the columns `schema.RANKING`


@dataclass(frozen=True)
class Entry:
    """One accepted score, as its receipt holds it."""

    receipt: Receipt

    @property
    def status(self) -> Status:
        """Whether it is ranked, or listed apart as suspect."""
        return self.receipt.values["status"]

    def to_json(self) -> dict[str, Any]:
        """Return the entry as one flat object; the score on the private draw is nested in it."""
        values = self.receipt.values
        facts = {name: values[name] for name in OPTIONAL_FACTS if name in values}
        return {
            "id": values["number"],
            "track": values["track"],
            "submitted_at": values["time"],
            **values["submission"],
            **values["score"],
            **facts,
            "receipt_sha256": self.receipt.sha256,
        }


def name_ranking(release: str, data_sha256: str, season: Season | None) -> Ranking:
    """Return the public ranking of a release's version, or the ranking of a season."""
    track, number = (PUBLIC, NO_SEASON) if season is None else (CHALLENGE, season.number)
    return {"release": release, "data_sha256": data_sha256, "track": track, "season": number}


def check_new(connection: Connection, ranking: Ranking, name: str, predictions_sha256: str, max_entries: int) -> None:
    """Check that a ranking may have another entry, with this name and these predictions.

    Raises:
        DuplicateError: if these predictions are ranked already for the version, on this track and season.
        FullError: if the release has `max_entries` over all its versions, or the name `MAX_NAME_ENTRIES` in the season.
    """

    def count(**columns: Any) -> int:
        query = select(func.count(schema.entries.c.number)).filter_by(**columns)
        return connection.execute(query).scalar_one()

    if ranking["track"] == CHALLENGE and count(**ranking, name=name) >= MAX_NAME_ENTRIES:
        raise FullError(
            f"a season takes at most {MAX_NAME_ENTRIES} submissions under one name, since each score reveals a little "
            "of its secret labels. Nothing was stored; compare models on training rows, or wait for the next season."
        )
    board = {column: ranking[column] for column in ("track", "season")}
    same = {"data_sha256": ranking["data_sha256"], "predictions_sha256": predictions_sha256}
    number = connection.scalar(select(schema.entries.c.number).filter_by(**board, **same))
    if number is not None:
        raise DuplicateError(
            f"these very predictions are entry {number} already, and are not ranked twice. Submit predictions of "
            "another model, or ask the operator to remove that entry first."
        )
    if count(**board, release=ranking["release"]) >= max_entries:
        raise FullError(
            f"the leaderboard of {ranking['release']} holds {max_entries} entries, the most it may. Nothing was "
            "stored; ask the operator to remove some."
        )


def add_entry(
    connection: Connection, ranking: Ranking, receipt: Receipt, submission: Submission, verdict: Verdict
) -> None:
    """Store an entry, and its predictions unless another entry has the same ones."""
    sha256, values = verdict.predictions_sha256, verdict.predictions.values
    if connection.execute(select(schema.predictions.c.rows).filter_by(sha256=sha256)).first() is None:
        row = {"sha256": sha256, "rows": len(values), "bytes": values.astype("<f4").tobytes()}
        connection.execute(insert(schema.predictions).values(row))
    row = ranking | {
        "number": receipt.number,
        "predictions_sha256": sha256,
        "status": verdict.status,
        "noise_free_mse": verdict.score.noise_free_mse,
        "name": submission.name,
        "url": submission.url,
    }
    connection.execute(insert(schema.entries).values(row))


def delete_entry(connection: Connection, release: str, number: int) -> str:
    """Delete an entry, with its predictions unless another has the same; return the sha256 of its receipt.

    Raises:
        UnknownNameError: if the release has no such entry.
    """
    hashes = select(schema.receipts.c.sha256, schema.entries.c.predictions_sha256).join(schema.entries)
    row = connection.execute(hashes.filter_by(release=release).where(schema.entries.c.number == number)).one_or_none()
    if row is None:
        raise UnknownNameError(f"{release} has no entry {number}, or it was removed before.")
    receipt_sha256, sha256 = row
    connection.execute(delete(schema.entries).filter_by(number=number))
    if connection.execute(select(schema.entries.c.number).filter_by(predictions_sha256=sha256)).first() is None:
        connection.execute(delete(schema.predictions).filter_by(sha256=sha256))
    return receipt_sha256
