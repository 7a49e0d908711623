"""Admission: the requests, rows and bytes in progress, and their limits.

This is written by hand: the limits of the ASGI server and of the rate-limiting libraries count requests, while a
request of this service costs by its rows and bytes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from starlette.types import Scope

from api.errors import OverloadedError
from api.settings import Limits
from api.work.clients import name_client


class Quota:
    """An amount in use, at most `most`; `refusal` says so in words, with the placeholders `used` and `most`."""

    def __init__(self, most: int, refusal: str) -> None:
        self.used, self.most, self._refusal = 0, most, refusal

    def check(self, amount: int) -> None:
        """Check that so much more fits.

        Raises:
            OverloadedError: it does not.
        """
        if self.used + amount > self.most:
            refusal = self._refusal.format(used=self.used, most=self.most)
            raise OverloadedError(f"{refusal}. Try again in {OverloadedError.retry_after} s.")

    def hold(self, amount: int = 0) -> "Hold":
        """Count an amount as used until the block of `with` ends.

        Raises:
            OverloadedError: it does not fit.
        """
        hold = Hold(self)
        if amount:
            hold.add(amount)
        return hold


class Hold:
    """A part of a quota that is in use until a block ends."""

    def __init__(self, quota: Quota) -> None:
        self._quota, self._amount = quota, 0

    def add(self, more: int) -> None:
        """Use more of the quota; raises as `Quota.check`."""
        self._quota.check(more)
        self._quota.used += more
        self._amount += more

    def move(self) -> "Hold":
        """Return another part with the amount of this one, which then is empty."""
        other = Hold(self._quota)
        other._amount, self._amount = self._amount, 0
        return other

    def end(self) -> None:
        """Give it back."""
        self._quota.used -= self._amount
        self._amount = 0

    def __enter__(self) -> Self:
        """Return this part."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.end()


class Admission:
    """The quotas of requests in progress, of rows that wait for the models, and of the bytes that requests hold.

    Streams, and the requests of the leaderboard, have quotas of their own: a client that does not read, or a locked
    database, leaves all other requests their places.
    """

    def __init__(self, limits: Limits) -> None:
        self._most_of_client = limits.max_client_streams
        self._clients: dict[str, Quota] = {}  # that receive streams now
        self.streams = Quota(limits.max_streams, "{most} answers are being streamed, the limit of this service")
        self.writes = Quota(
            limits.max_waiting_submissions, "{most} submissions are in progress, the limit of this service"
        )
        self.reads = Quota(
            limits.max_requests, "{most} requests for the leaderboard are in progress, the limit of this service"
        )
        self.requests = Quota(limits.max_requests, "{most} requests are in progress, the limit of this service")
        self.rows = Quota(limits.max_waiting_rows, "{used} rows wait for the models; {most} may")
        self.bytes = Quota(
            limits.max_held_bytes, "the requests in progress hold {used} bytes; all together may hold {most}"
        )

    @contextmanager
    def hold_stream(self, scope: Scope) -> Iterator[None]:
        """Count one stream to the client of a request until the block ends.

        Raises:
            OverloadedError: this client, or all together, receive as many streams as they may.
        """
        client = name_client((scope.get("client") or [""])[0])
        own = self._clients.setdefault(
            client, Quota(self._most_of_client, "{most} answers are being streamed to this client, the limit of one")
        )
        try:
            with own.hold(1), self.streams.hold(1):
                yield
        finally:
            if not own.used:
                self._clients.pop(client, None)
