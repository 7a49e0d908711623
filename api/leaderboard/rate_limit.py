"""A limit on the requests of one client in a minute: a token bucket for each address, here or in a database.

Written by hand: the library `limits` saves ten lines, and costs 0.15 s at start, a timer thread for each request, and
the wall clock, which jumps.
"""

import math
import time
from collections.abc import Callable
from threading import Lock

from api.errors import RateLimitError
from api.work.clients import name_client

MAX_ADDRESSES = 10_000


class RateLimit:
    """Buckets that hold a minute's requests and refill steadily: those that others count, or of this process only."""

    def __init__(
        self,
        per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        count: Callable[[str], float | None] = lambda _: None,
    ) -> None:
        """Start with every bucket full.

        `count` takes a request of a client elsewhere, and returns the seconds to wait, 0 for none; None if it does not.
        """
        self._per_minute, self._clock, self._count = per_minute, clock, count
        self._buckets: dict[str, tuple[float, float]] = {}  # requests left, and since when
        self._lock = Lock()

    def take(self, address: str) -> None:
        """Take one request from the bucket of a client's address.

        Raises:
            RateLimitError: if the bucket is empty.
            StorageError: the database of others cannot be used.
        """
        key = name_client(address)
        if (wait := self._count(key)) is None:
            wait = self._take_here(key, self._clock())
        if wait:
            seconds = math.ceil(wait)
            raise RateLimitError(
                f"one client may send {self._per_minute} submissions or removals a minute. Try again in {seconds} s.",
                seconds,
            )

    def _take_here(self, key: str, now: float) -> float:
        """Return the seconds until a bucket of this process holds a request; if it does, take it."""
        with self._lock:
            left = self._count_left(key, now)
            if left < 1:
                return (1 - left) * 60 / self._per_minute
            self._make_room(now)
            self._buckets[key] = (left - 1, now)
            return 0.0

    def _count_left(self, key: str, now: float) -> float:
        left, then = self._buckets.get(key, (float(self._per_minute), now))
        return min(float(self._per_minute), left + (now - then) * self._per_minute / 60)

    def _make_room(self, now: float) -> None:
        """Forget the full buckets, or all buckets if too many clients remain: memory stays bounded."""
        if len(self._buckets) < MAX_ADDRESSES:
            return
        waiting = {
            key: bucket for key, bucket in self._buckets.items() if self._count_left(key, now) < self._per_minute
        }
        self._buckets = waiting if len(waiting) < MAX_ADDRESSES else {}
