"""How long to wait before a request is sent again."""

import sys
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

PAUSE_SECONDS = 0.5  # after the first try; twice as long after each further one
MAX_PAUSE_SECONDS = 60.0  # the minute in which a service counts submissions


def wait(tried: int, tries: int, retry_after: str = "", note: str = "") -> bool:
    """Return whether to try again after `tried` of `tries`, having waited.

    The pause is what the header Retry-After of the answer asks for, else it doubles from try to try. Nobody is left
    waiting for more than a minute: who asks for that is not asked again. `note` is why, told on stderr where people
    wait for long.
    """
    pause = read_retry_after(retry_after)
    if pause is None:
        pause = PAUSE_SECONDS * 2 ** (tried - 1)
    if tried >= tries or pause > MAX_PAUSE_SECONDS:
        return False
    if note:
        print(f"{note}: trying again in {pause:g} s, {tried + 1} of {tries}", file=sys.stderr, flush=True)
    time.sleep(pause)
    return True


def name_timeout(error: Exception) -> str:
    """Return what to tell those who waited for an answer until there was none; nothing for any other error."""
    return f"no answer in time from {error.request.url}" if isinstance(error, httpx2.TimeoutException) else ""


def read_retry_after(header: str) -> float | None:
    """Return the seconds that a header Retry-After asks to wait, in its two forms; None if it cannot be read."""
    if header.strip().isdecimal():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((date - datetime.now(UTC)).total_seconds(), 0.0)
