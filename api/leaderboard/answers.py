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


Interval = tuple[float, float]


class Intervals(BaseModel):
    """The lower and the upper end of the 95 % interval of each figure."""

    mse: Interval | None
    noise_free_mse: Interval | None
    skill: Interval | None
    decoded_accuracy: Interval | None


class SeedScore(BaseModel):
    """The figures of one seed."""

    mse: float
    noise_free_mse: float
    skill: float
    decoded_accuracy: float


class Entry(Facts):
    """The facts and the figures of an entry on either track.

    `rank` is that of its tie group; null for a suspect, and behind the first 1,000. With several `seeds` the figures
    are means, `seed_scores` holds those of each seed, and the standard errors are over rows alone. An open season shows
    no `intervals`.
    """

    rank: int | None
    seeds: int
    seed_scores: list[SeedScore]
    intervals: Intervals | None

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
    """A new entry on the public track, with its receipt.

    `owner_secret` belongs to a new name, unless the request had a secret: later submissions under it must send it.
    """

    receipt: dict[str, Any]
    owner_secret: str


class Reference(SeedScore):
    """A kept baseline, to set beside entries: means over seeds, and intervals over seeds alone, null without three."""

    name: str
    seeds: int
    null: float
    floor: float
    intervals: Intervals


class ScoreList(BaseModel):
    """The public leaderboard of a release, its baselines, and the hashes that bind the service to it."""

    scores: list[ScoreEntry]
    suspects: list[ScoreEntry]
    baselines: list[Reference]
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
    """A new entry on the challenge track, with its receipt.

    A held one repeats the figures of the best that the season shows, and `note` says so.
    """

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
