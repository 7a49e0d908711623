"""Entries of the leaderboard: their rankings and ranks, the checks of new ones, and their rows in the store."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, update

from eval.intervals import STUDENT_995, measure_margin, rank_groups
from eval.leaderboard import schema
from eval.leaderboard.challenge import Season
from eval.leaderboard.leaks import Status, Verdict
from eval.leaderboard.receipts import CHALLENGE, PUBLIC, Receipt
from eval.leaderboard.submission import OWNER_HEADER, Sender, Submission, fold_name
from ld_data.errors import DuplicateError, FullError, OwnerError, UnknownNameError
from ld_data.typing import Doubles

MAX_SEASON_ENTRIES = 10_000  # each answer reveals a little of the secret labels: `eval.leaderboard.showing`
MAX_CLIENT_ENTRIES = 100  # of one address in a season, so that it takes many to fill one
MAX_RANKED = 1000  # the most that a list shows: the paired test of all pairs takes their square
NO_SEASON = 0  # the season number of entries on the public track
OPTIONAL_FACTS = ("season", "status", "private", "ceiling", "predictions_sha256")  # season, private: on one track each

Ranking = dict[str, Any]  # values of the columns `schema.RANKING`


@dataclass(frozen=True)
class Entry:
    """One accepted score, as its receipt holds it.

    Attributes:
        rank: of its tie group, from 1; None for one that is suspect or held, or has `MAX_RANKED` better ones.
        result: the exact figures, and the status with them, of an entry in a season that is closed.
        best: the score that a new entry repeats if it is held: the best that its season shows.
        owner_secret: the secret of the name, for its owner; only with a new name for which the sender had none.
    """

    receipt: Receipt
    rank: int | None = field(default=None, compare=False)
    result: Mapping[str, Any] = field(default_factory=dict)
    best: Mapping[str, Any] = field(default_factory=dict)
    owner_secret: str = field(default="", repr=False)

    @property
    def status(self) -> Status:
        """Whether it is ranked, listed apart as suspect, or held back until the season closes."""
        status: Status = (self.receipt.values | dict(self.result))["status"]
        return status

    def to_json(self) -> dict[str, Any]:
        """Return the entry as one object, with the figures of `best` or without figures while it is held."""
        values = self.receipt.values | dict(self.result)
        figures, seeds = dict(values.get("score", self.best)), values.get("seed_scores", [])
        if figures:
            figures |= {"intervals": values.get("intervals"), "seeds": len(seeds) or 1, "seed_scores": seeds}
            figures["rank"] = self.rank
        facts = {name: values[name] for name in OPTIONAL_FACTS if name in values}
        return {
            "id": values["number"],
            "track": values["track"],
            "submitted_at": values["time"],
            **values["submission"],
            **figures,
            **facts,
            "receipt_sha256": self.receipt.sha256,
        }


def name_ranking(release: str, data_sha256: str, season: Season | None) -> Ranking:
    """Return the public ranking of a release's version, or the ranking of a season."""
    track, number = (PUBLIC, NO_SEASON) if season is None else (CHALLENGE, season.number)
    return {"release": release, "data_sha256": data_sha256, "track": track, "season": number}


class Ranks:
    """The ranks of entries by number, computed once for each state of a ranking."""

    def __init__(self) -> None:
        """Know no ranks."""
        self._known: dict[tuple[Any, ...], dict[int, int]] = {}
        self._locks: dict[tuple[Any, ...], Lock] = {}  # one for each ranking, since a tie test may take seconds

    def find(self, connection: Connection, ranking: Ranking, is_open: bool) -> dict[int, int]:
        """Return the rank, from 1, of the first `MAX_RANKED` ranked entries, in their order: that of their tie group.

        In an open season it is their place: each entry that it shows is better than those before it by the same test.
        """
        entries, key = schema.entries.c, tuple(ranking.values())
        order = entries.noise_free_mse, entries.number
        ranked = select(entries.number).filter_by(**ranking, status="ranked").order_by(*order).limit(MAX_RANKED)
        numbers = list(connection.scalars(ranked))
        if is_open:
            return {number: place for place, number in enumerate(numbers, 1)}
        with self._locks.setdefault(key, Lock()):
            if list(ranks := self._known.get(key, {})) != numbers:
                columns = entries.number, entries.noise_free_mse, entries.seed_margin, entries.errors
                ranks = self._known[key] = _rank_rows(connection.execute(ranked.with_only_columns(*columns)).all())
        return ranks


def check_new(connection: Connection, ranking: Ranking, predictions_sha256: str, client: str, max_entries: int) -> None:
    """Check that a ranking may have another entry, with these predictions and from this client.

    Raises:
        DuplicateError: if these predictions are ranked already for the version, on this track and season.
        FullError: if the release has `max_entries` over all its versions, the season `MAX_SEASON_ENTRIES`, or the
            client `MAX_CLIENT_ENTRIES` in the season.
    """

    def count(**columns: Any) -> int:
        query = select(func.count(schema.entries.c.number)).filter_by(**columns)
        return connection.execute(query).scalar_one()

    board = {column: ranking[column] for column in ("track", "season")}
    same = {"data_sha256": ranking["data_sha256"], "predictions_sha256": predictions_sha256}
    number = connection.scalar(select(schema.entries.c.number).filter_by(**board, **same))
    if number is not None:
        raise DuplicateError(
            f"these very predictions are entry {number} already, and are not ranked twice. Submit predictions of "
            "another model, or ask the operator to remove that entry first."
        )
    if ranking["track"] == CHALLENGE:
        max_entries = min(max_entries, MAX_SEASON_ENTRIES)
        if count(**ranking, client=client) >= MAX_CLIENT_ENTRIES:
            raise FullError(
                f"a season takes at most {MAX_CLIENT_ENTRIES} submissions from one address, since each answer reveals "
                "a little of its secret labels. Nothing was stored; compare models on training rows, or wait for the "
                "next season."
            )
    if count(**board, release=ranking["release"]) >= max_entries:
        raise FullError(
            f"the leaderboard of {ranking['release']} holds {max_entries} entries, the most it may. Nothing was "
            "stored; ask the operator to remove some."
        )


def check_owner(connection: Connection, name: str, secret: str) -> None:
    """Check that a name is new, or that the secret is the one with which it was used first, on any board.

    Raises:
        OwnerError: if the name belongs to another secret.
    """
    query = select(schema.entries.c.owner_sha256).filter_by(name_key=fold_name(name)).limit(1)
    owner = connection.scalar(query)
    if owner is not None and not hmac.compare_digest(owner, hash_secret(secret)):
        raise OwnerError(
            f"the name {name!r} belongs to the user who submitted under it first (case, blanks and compatible letters "
            f"make no difference); the request had {'another' if secret else 'no'} secret in the header "
            f"{OWNER_HEADER}. If the name is yours, send its secret: `evaluate` and `submit` keep it in the folder "
            "`owners` of LD-Data's cache, which you can copy to this machine, and otherwise the first answer held it "
            "as `owner_secret`. If not, choose another name."
        )


def hash_secret(secret: str) -> str:
    """Return the sha256 of an owner's secret, which is all that the store keeps."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_best(connection: Connection, ranking: Ranking) -> tuple[Doubles, dict[str, Any]] | None:
    """Return the row errors `(n,)` and the shown score of the best entry that a season shows, if any."""
    entries = schema.entries.c
    shown = select(entries.errors, schema.receipts.c.text).join(schema.receipts).filter_by(**ranking)
    best = shown.where(entries.status != "held").order_by(entries.noise_free_mse).limit(1)
    row = connection.execute(best).one_or_none()
    return row and (np.frombuffer(row.errors, "<f8"), json.loads(row.text)["score"])


def add_entry(
    connection: Connection, ranking: Ranking, receipt: Receipt, submission: Submission, verdict: Verdict, sender: Sender
) -> None:
    """Store an entry, and its predictions unless another entry has the same ones."""
    sha256, values = verdict.predictions_sha256, np.stack([own.values for own in verdict.predictions])
    if connection.execute(select(schema.predictions.c.rows).filter_by(sha256=sha256)).first() is None:
        seeds, rows = values.shape[:2]
        row = {"sha256": sha256, "seeds": seeds, "rows": rows, "bytes": values.astype("<f4").tobytes()}
        connection.execute(insert(schema.predictions).values(row))
    row = ranking | {
        "number": receipt.number,
        "predictions_sha256": sha256,
        "status": receipt.values["status"],
        "noise_free_mse": verdict.score.noise_free_mse,
        "seed_margin": measure_margin([seed.noise_free_mse for seed in verdict.seeds], STUDENT_995),
        "errors": verdict.errors.astype("<f8").tobytes(),
        "name_key": fold_name(submission.name),
        "url": submission.url,
        "owner_sha256": hash_secret(sender.owner),
        "client": sender.client,
        "result": json.dumps(verdict.to_json()) if verdict.trial else None,
    }
    connection.execute(insert(schema.entries).values(row))


def reveal_entries(connection: Connection, ranking: Ranking) -> list[dict[str, Any]]:
    """Give the entries of a season that ends their exact status; return the content of their receipts, oldest first."""
    entries = schema.entries.c
    query = select(entries.number, schema.receipts.c.sha256, entries.result).join(schema.receipts)
    results = []
    for number, sha256, text in connection.execute(query.filter_by(**ranking).order_by(entries.number)).all():
        result = json.loads(text)
        connection.execute(update(schema.entries).filter_by(number=number).values(status=result["status"]))
        results.append({"release": ranking["release"], "entry": number, "entry_sha256": sha256} | result)
    return results


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


def _rank_rows(rows: Sequence[Any]) -> dict[int, int]:
    """Return the rank of each entry, given its number, noise-free MSE, seed margin and row errors, the best first."""
    if not rows:
        return {}
    numbers, means, margins, errors = zip(*rows, strict=True)
    ranks = rank_groups(np.array(means), np.stack([np.frombuffer(own, "<f8") for own in errors]), np.array(margins))
    return dict(zip(numbers, ranks, strict=True))
