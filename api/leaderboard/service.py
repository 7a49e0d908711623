"""The parts of the service that the leaderboard's routes work with."""

from dataclasses import dataclass
from threading import Lock
from typing import Self

from fastapi import Request

from api.leaderboard.rate_limit import RateLimit
from api.leaderboard.season_rows import Challenges
from api.releases.catalogue import Catalogue, ServedRelease
from api.work.worker import Worker
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens
from ld_data.typing import Array


class PrivateDraws:
    """The private redraw of each release's test y, drawn once."""

    def __init__(self, seed: int) -> None:
        """Start with none drawn."""
        self._seed, self._lock = seed, Lock()
        self._draws: dict[str, Array] = {}

    def find(self, release: ServedRelease) -> Array:
        """Return y `(n_test, d)`, drawn for the test labels by the secret seed."""
        with self._lock:
            name = release.manifest.name
            if name not in self._draws:
                self._draws[name] = release.codec.y.encode(release.data.test.label, mode="sample", seed=self._seed)
            return self._draws[name]


@dataclass(frozen=True)
class LeaderboardService:
    """The parts that the routes of both tracks share; `rate` counts the submissions and removals on both."""

    catalogue: Catalogue
    store: Store
    worker: Worker
    tokens: Tokens
    rate: RateLimit
    draws: PrivateDraws
    challenges: Challenges

    @classmethod
    def make(cls, catalogue: Catalogue, store: Store, worker: Worker, tokens: Tokens, challenge_rows: int) -> Self:
        """Return the service of a catalogue and a store; new seasons of a challenge have `challenge_rows` rows."""
        rate = RateLimit(worker.limits.max_submissions)
        draws, challenges = PrivateDraws(store.private_seed), Challenges(catalogue, store, challenge_rows)
        return cls(catalogue, store, worker, tokens, rate, draws, challenges)

    def admit_submitter(self, request: Request) -> None:
        """Check that the client of a request may submit predictions now.

        Raises:
            RateLimitError: if it sends too many requests.
            TokenError: if the request lacks the service's token.
        """
        self.rate.take(_read_address(request))
        self.tokens.check_submitter(request.headers.get("authorization", ""))

    def admit_remover(self, request: Request) -> None:
        """Check that the client of a request may remove entries now; the rate limit makes guessing tokens slow.

        Raises:
            RateLimitError: if it sends too many requests.
            ForbiddenError: if the service has no token to remove.
            TokenError: if the request lacks it.
        """
        self.rate.take(_read_address(request))
        self.tokens.check_remover(request.headers.get("authorization", ""))


def _read_address(request: Request) -> str:
    """Return the address that a request came from; empty for a client without one."""
    return request.client.host if request.client else ""
