"""Progress of long jobs: tqdm's bars on a terminal, and elsewhere, as in a log file, a line now and then."""

import sys
import time
from typing import TextIO

SECONDS = 10.0  # between two lines


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


def open_progress() -> TextIO | Lines:
    """Return the file for a bar: stderr if it is a terminal, else lines on it."""
    return sys.stderr if sys.stderr.isatty() else Lines()
