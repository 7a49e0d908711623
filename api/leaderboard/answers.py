"""The JSON answers of the leaderboard's routes, as models for the documentation."""

from typing import Any

from pydantic import BaseModel

from eval.leaderboard.leaks import PrivateScore, Status


class Facts(BaseModel):
    """The facts of an entry on either track, without figures."""

    name: str
    url: str
    description: str
    parameters: int | None
    seconds: float | None
    learning_rule: str
    id: int
    track: str
    submitted_at: str
    status: Status
    ceiling: float | None
    predictions_sha256: str
    receipt_sha256: str


class Entry(Facts):
    """The facts and the figures of an entry on either track."""

    release: str
    data_sha256: str
    rows: int
    mse: float
    standard_error: float
    null: float
    floor: float
    skill: float
    skill_standard_error: float
    noise_free_mse: float
    decoded_accuracy: float
    class_accuracy: list[float | None]


class ScoreEntry(Entry):
    """An entry on the public track."""

    private: PrivateScore


class AcceptedScore(ScoreEntry):
    """A new entry on the public track, with its receipt; a suspect has no rank.

    `owner_secret` belongs to a new name, unless the request had a secret: later submissions under it must send it.
    """

    rank: int | None
    receipt: dict[str, Any]
    owner_secret: str


class ScoreList(BaseModel):
    """The public leaderboard of a release, and the hashes that bind the service to it."""

    scores: list[ScoreEntry]
    suspects: list[ScoreEntry]
    private_seed_sha256: str
    head: str


class Removal(BaseModel):
    """The receipt of a removed entry's removal."""

    receipt: dict[str, Any]
    receipt_sha256: str


class SeasonFacts(BaseModel):
    """The public facts of a season; x and the fingerprint of the machine that drew it are there once it is drawn."""

    season: int
    rows: int
    secret_sha256: str
    x_sha256: str | None
    fingerprint: str | None
    opened_at: str
    closed_at: str | None


class ClosedSeason(SeasonFacts):
    """A closed season, with its secret."""

    secret: str


class ChallengeState(SeasonFacts):
    """The open season of a release, and its closed ones."""

    release: str
    closed: list[ClosedSeason]


class ChallengeEntry(Entry):
    """An entry on the challenge track, with the rank of the same name and url on the public track."""

    season: int
    public_rank: int | None
    rank_gap: int | None


class AcceptedChallenge(ChallengeEntry):
    """A new entry on the challenge track, with its receipt; only a ranked one has a rank.

    A held one repeats the figures of the best that the season shows, and `note` says so.
    """

    rank: int | None
    receipt: dict[str, Any]
    owner_secret: str
    note: str


class HeldEntry(Facts):
    """An entry of an open season that is not shown to be better than the best before it: without figures."""

    season: int
    public_rank: int | None
    rank_gap: int | None


class ChallengeList(SeasonFacts):
    """The leaderboard of a season; its secret is there once it is closed."""

    secret: str = ""
    scores: list[ChallengeEntry]
    suspects: list[ChallengeEntry]
    held: list[HeldEntry]
    head: str
