"""Admission: the requests, rows and bytes in progress, and their limits.

This is written by hand: the limits of the ASGI server and of the rate-limiting libraries count requests, while a
request of this service costs by its rows and bytes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.errors import OverloadedError
from api.settings import Limits

RETRY = f"Try again in {OverloadedError.retry_after} s."


class Admission:
    """Counts requests in progress, waiting rows and bytes of bodies, and refuses requests beyond a limit."""

    def __init__(self, limits: Limits) -> None:
        """Start with none in progress."""
        self._limits = limits
        self.in_progress = self.waiting_rows = self.held_bytes = 0

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Count one request in progress until the block ends.

        Raises:
            OverloadedError: `max_requests` requests are in progress.
        """
        if self.in_progress >= self._limits.max_requests:
            raise OverloadedError(
                f"{self._limits.max_requests} requests are in progress, the limit of this service. {RETRY}"
            )
        self.in_progress += 1
        try:
            yield
        finally:
            self.in_progress -= 1

    def check_rows(self, rows: int) -> None:
        """Check that so many more rows can wait.

        Raises:
            OverloadedError: more than `max_waiting_rows` rows would wait.
        """
        if self.waiting_rows + rows > self._limits.max_waiting_rows:
            raise OverloadedError(
                f"{self.waiting_rows} rows wait for the models; {self._limits.max_waiting_rows} may. {RETRY}"
            )

    @contextmanager
    def hold_rows(self, rows: int) -> Iterator[None]:
        """Count rows as waiting until the block ends.

        Raises:
            OverloadedError: more than `max_waiting_rows` rows would wait.
        """
        self.check_rows(rows)
        self.waiting_rows += rows
        try:
            yield
        finally:
            self.waiting_rows -= rows

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that counts the bytes of a body as they arrive; they count until the block ends.

        Only bytes that have arrived count, so that a sender that declares a large body and sends nothing excludes no
        other request. The function raises `OverloadedError` beyond `max_held_bytes`.
        """
        held = 0

        def add(count: int) -> None:
            nonlocal held
            if self.held_bytes + count > self._limits.max_held_bytes:
                raise OverloadedError(
                    f"the requests in progress hold {self.held_bytes} bytes; all together may hold "
                    f"{self._limits.max_held_bytes}. {RETRY}"
                )
            self.held_bytes += count
            held += count

        try:
            yield add
        finally:
            self.held_bytes -= held
