"""Admission: counts of requests, rows and bytes in progress, and their limits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.settings import Limits
from ld_data.errors import OverloadedError


class Admission:
    """Counts requests in progress, rows that wait and bytes of bodies, and turns away what is beyond a limit."""

    def __init__(self, limits: Limits) -> None:
        """Start with none in progress."""
        self._limits = limits
        self.in_progress = self.waiting_rows = self.held_bytes = 0

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place while the body runs; raise `OverloadedError` if there is none."""
        if self.in_progress >= self._limits.max_requests:
            raise OverloadedError(
                f"{self._limits.max_requests} requests are in progress, as many as this service takes on. "
                f"Try again in {OverloadedError.retry_after} s."
            )
        self.in_progress += 1
        try:
            yield
        finally:
            self.in_progress -= 1

    def check_rows(self, rows: int) -> None:
        """Raise `OverloadedError` if so many more rows cannot wait."""
        if self.waiting_rows + rows > self._limits.max_waiting_rows:
            raise OverloadedError(
                f"{self.waiting_rows} rows wait for the models; {self._limits.max_waiting_rows} may. "
                f"Try again in {OverloadedError.retry_after} s."
            )

    @contextmanager
    def hold_rows(self, rows: int) -> Iterator[None]:
        """Count rows as waiting while the body runs; raises what `check_rows` raises."""
        self.check_rows(rows)
        self.waiting_rows += rows
        try:
            yield
        finally:
            self.waiting_rows -= rows

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], None]]:
        """Yield what counts the bytes of a body as they come, and raises `OverloadedError` if there are too many.

        They count until the block ends. Only what is here counts, so that senders that promise much and send nothing
        keep nobody out.
        """
        held = 0

        def add(count: int) -> None:
            nonlocal held
            if self.held_bytes + count > self._limits.max_held_bytes:
                raise OverloadedError(
                    f"the requests in progress hold {self.held_bytes} bytes; all together may hold "
                    f"{self._limits.max_held_bytes}. Try again in {OverloadedError.retry_after} s."
                )
            self.held_bytes += count
            held += count

        try:
            yield add
        finally:
            self.held_bytes -= held
