"""A limit on the requests of one client in a minute."""

import ipaddress
import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from api.errors import RateLimitError

MAX_CLIENTS = 10_000
IPV6_PREFIX = 64  # one customer has at least this many addresses


class RateLimit:
    """Counts of requests by client, in this process only; each client's minute begins with its first request."""

    def __init__(self, per_minute: int) -> None:
        """Start with no requests counted."""
        self._item = RateLimitItemPerMinute(per_minute)
        self._storage = MemoryStorage()

    def take(self, address: str) -> None:
        """Count a request of the client at an address.

        Raises:
            RateLimitError: if the client has sent as many requests in its minute as it may.
        """
        if len(self._storage.storage) >= MAX_CLIENTS:  # memory stays bounded: forget the counts of all clients
            self._storage = MemoryStorage()
        window, key = FixedWindowRateLimiter(self._storage), _make_key(address)
        if not window.hit(self._item, key):
            seconds = max(1, math.ceil(window.get_window_stats(self._item, key).reset_time - time.time()))
            raise RateLimitError(
                f"one client may send {self._item.amount} submissions or removals a minute. Try again in {seconds} s.",
                seconds,
            )


def _make_key(address: str) -> str:
    """Return the key of the client at an address: the address, or the network of an IPv6 customer."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a client on a Unix socket has no address
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
