"""How often one client may do something: a token bucket for each address."""

import ipaddress
import math
import time
from collections.abc import Callable
from threading import Lock

from api.errors import RateLimitError

MAX_ADDRESSES = 10_000
IPV6_PREFIX = 64  # one customer has at least as many addresses


class RateLimit:
    """Buckets that hold a minute's worth of requests, and fill again steadily; in this process alone."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with every bucket full."""
        self._per_minute, self._clock = per_minute, clock
        self._buckets: dict[str, tuple[float, float]] = {}  # what was left, and when
        self._lock = Lock()

    def take(self, address: str) -> None:
        """Take one request from the bucket of a client's address; raise `RateLimitError` if it is empty."""
        key, now = _make_key(address), self._clock()
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
        """Forget the buckets that are full again, or all if so many clients are at work: memory stays bounded."""
        if len(self._buckets) < MAX_ADDRESSES:
            return
        waiting = {
            key: bucket for key, bucket in self._buckets.items() if self._count_left(key, now) < self._per_minute
        }
        self._buckets = waiting if len(waiting) < MAX_ADDRESSES else {}


def _make_key(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a client on a Unix socket has no address
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
