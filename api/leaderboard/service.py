"""The parts of the service that the leaderboard's routes work with."""

import hashlib
from collections.abc import Callable
from threading import Lock

from anyio import CapacityLimiter
from fastapi import Request

from api.leaderboard.pulse import Pulse
from api.leaderboard.rate_limit import RateLimit
from api.leaderboard.season_rows import Challenges
from api.releases.catalogue import Catalogue, ServedRelease
from api.work.clients import name_client
from api.work.worker import Worker, run_in_thread
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens
from ld_data.typing import Array

COUNTERS = 8  # threads that count requests


class LeaderboardService:
    """The parts that the routes of both tracks share, and one limit for the submissions and removals on both."""

    def __init__(self, catalogue: Catalogue, store: Store, worker: Worker, tokens: Tokens, challenge_rows: int) -> None:
        """Serve a catalogue and a store; new seasons of a challenge have `challenge_rows` rows."""
        self.catalogue, self.store, self.worker, self.tokens = catalogue, store, worker, tokens
        self.challenges = Challenges(catalogue, store, challenge_rows)
        self.pulse = Pulse(store.check)
        most = worker.limits.max_submissions
        self._rate = RateLimit(most, count=lambda client: store.take_request(self._hide(client), most))
        self._threads = CapacityLimiter(COUNTERS)
        self._lock = Lock()
        self._private_y: dict[str, Array] = {}

    def admit(self, request: Request, check: Callable[[str], None]) -> str:
        """Return an opaque key of the client of a request, after a check that it may change the leaderboard now.

        `check` is `tokens.check_submitter` or `tokens.check_remover`; the rate limit makes guessing tokens slow.

        Raises:
            RateLimitError: if the client sends too many requests.
            StorageError: the database that counts them cannot be used.
            TokenError, ForbiddenError: as `check`.
        """
        address = request.client.host if request.client else ""
        self._rate.take(address)
        check(request.headers.get("authorization", ""))
        return self._hide(name_client(address))

    async def admit_submitter(self, request: Request) -> str:
        """Return the same for a submission, in a thread, since a database may count the requests."""
        return await run_in_thread(self._threads, self.admit, request, self.tokens.check_submitter)

    def _hide(self, client: str) -> str:
        """Return the key of a client: the store keeps no address, and without the secret seed trying all finds none."""
        return hashlib.sha256(f"{self.store.private_seed}:{client}".encode()).hexdigest()

    def draw_private_y(self, release: ServedRelease) -> Array:
        """Return the private redraw of y `(n_test, d)` for a release's test labels, drawn once by the secret seed."""
        with self._lock:
            name = release.manifest.name
            if name not in self._private_y:
                labels, seed = release.data.test.label, self.store.private_seed
                self._private_y[name] = release.codec.y.encode(labels, mode="sample", seed=seed)
            return self._private_y[name]
