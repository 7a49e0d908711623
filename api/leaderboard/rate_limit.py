"""A limit on the requests of one client in a minute: a token bucket for each address.

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
    """Buckets that hold a minute's requests and refill steadily; in this process only."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with every bucket full."""
        self._per_minute, self._clock = per_minute, clock
        self._buckets: dict[str, tuple[float, float]] = {}  # requests left, and since when
        self._lock = Lock()

    def take(self, address: str) -> None:
        """Take one request from the bucket of a client's address.

        Raises:
            RateLimitError: if the bucket is empty.
        """
        key, now = name_client(address), self._clock()
        with self._lock:
            left = self._count_left(key, now)
            if left < 1:
                seconds = math.ceil((1 - left) * 60 / self._per_minute)
                raise RateLimitError(
                    f"one client may send {self._per_minute} submissions or removals a minute. "
                    f"Try again in {seconds} s.",
                    seconds,
                )
            self._make_room(now)
            self._buckets[key] = (left - 1, now)

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
