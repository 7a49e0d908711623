"""Admission: the requests, rows and bytes in progress, and their limits.

This is written by hand: the limits of the ASGI server and of the rate-limiting libraries count requests, while a
request of this service costs by its rows and bytes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.errors import OverloadedError
from api.settings import Limits


class Quota:
    """An amount in use, at most `most`; `refusal` says so in words, with the placeholders `used` and `most`."""

    def __init__(self, most: int, refusal: str) -> None:
        self.used, self._most, self._refusal = 0, most, refusal

    def check(self, amount: int) -> None:
        """Check that so much more fits.

        Raises:
            OverloadedError: it does not.
        """
        if self.used + amount > self._most:
            refusal = self._refusal.format(used=self.used, most=self._most)
            raise OverloadedError(f"{refusal}. Try again in {OverloadedError.retry_after} s.")

    @contextmanager
    def hold(self, amount: int = 0) -> Iterator[Callable[[int], None]]:
        """Count an amount as used until the block ends; yield a function that adds to it.

        Raises:
            OverloadedError: it does not fit; the function raises it, too.
        """
        held = 0

        def add(more: int) -> None:
            nonlocal held
            self.check(more)
            self.used += more
            held += more

        add(amount)
        try:
            yield add
        finally:
            self.used -= held


class Admission:
    """The quotas of requests in progress, of rows that wait for the models, and of the bytes of bodies."""

    def __init__(self, limits: Limits) -> None:
        self.requests = Quota(limits.max_requests, "{most} requests are in progress, the limit of this service")
        self.rows = Quota(limits.max_waiting_rows, "{used} rows wait for the models; {most} may")
        self.bytes = Quota(
            limits.max_held_bytes, "the requests in progress hold {used} bytes; all together may hold {most}"
        )
