"""Progress of long jobs: tqdm's bars on a terminal, and elsewhere, as in a log file, a line now and then."""

import io
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from tqdm import tqdm

SECONDS = 10.0  # between two lines
_HIDDEN = ContextVar("_HIDDEN", default=False)


class Lines:
    """A file for tqdm that prints the latest state of a bar as a line on stderr, every ten seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + SECONDS

    def write(self, text: str) -> None:
        """Print the line of a bar if it is time for one; tqdm starts each with a carriage return."""
        if text.startswith("\r") and text.strip() and time.monotonic() >= self._next:
            print(text.strip(), file=sys.stderr, flush=True)
            self._next = time.monotonic() + SECONDS

    def flush(self) -> None:
        """Do nothing: lines are flushed when they are printed."""


def show_progress(items: Iterable[Any] | None = None, title: str | None = None, **options: Any) -> tqdm:
    """Return tqdm's bar over items, or one that its user moves; further options are tqdm's, such as `total`."""
    return tqdm(items, title, file=open_progress(), disable=None, **options)


def open_progress() -> TextIO | Lines:
    """Return the file for a bar: stderr if it is a terminal, else lines on it."""
    if _HIDDEN.get():
        return io.StringIO()  # no terminal, so that tqdm draws nothing
    return sys.stderr if sys.stderr.isatty() else Lines()


@contextmanager
def hide_progress() -> Iterator[None]:
    """Show no progress of what runs in this block, because it is a part of a job with a bar of its own."""
    token = _HIDDEN.set(True)
    try:
        yield
    finally:
        _HIDDEN.reset(token)
