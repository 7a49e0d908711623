"""One policy for requests that are sent again: the number of tries, the pauses, and the messages."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx2
from tenacity import RetryCallState, Retrying, retry_if_exception

PAUSE_SECONDS = 0.5  # after the first try; twice as long after each further one
MAX_PAUSE_SECONDS = 60.0  # the period over which a service counts submissions

Result = TypeVar("Result")


def try_often(
    attempt: Callable[[], Result], tries: int, may_pass: Callable[[BaseException], bool], service: str = ""
) -> Result:
    """Return the result of `attempt`, called up to `tries` times.

    After an error for which `may_pass` holds, the pause is that of the answer's header Retry-After, else it doubles
    from try to try. A Retry-After of more than a minute ends the tries at once. A message on stderr gives the reason of
    a long pause: the `service`, or else the address of the request, is busy or silent. Any error of the last try is
    raised as it is.
    """

    def is_last(state: RetryCallState) -> bool:
        return state.attempt_number >= tries or state.upcoming_sleep > MAX_PAUSE_SECONDS

    def report(state: RetryCallState) -> None:
        if reason := _explain(_find_error(state), service):
            pause, number = state.upcoming_sleep, state.attempt_number + 1
            print(f"{reason}: trying again in {pause:g} s, {number} of {tries}", file=sys.stderr, flush=True)

    check = retry_if_exception(may_pass)
    policy = Retrying(time.sleep, is_last, _find_pause, check, before_sleep=report, reraise=True)
    return policy(attempt)


def read_retry_after(header: str) -> float | None:
    """Return the pause in seconds of a header Retry-After, which holds seconds or a date; None if it holds neither."""
    if header.strip().isdecimal():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((date - datetime.now(UTC)).total_seconds(), 0.0)


def find_retry_after(error: BaseException | None) -> str:
    """Return the header Retry-After of the answer that an error is about; empty without one."""
    return error.response.headers.get("Retry-After", "") if isinstance(error, httpx2.HTTPStatusError) else ""


def _find_error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _find_pause(state: RetryCallState) -> float:
    pause = read_retry_after(find_retry_after(_find_error(state)))
    return PAUSE_SECONDS * 2 ** (state.attempt_number - 1) if pause is None else pause


def _explain(error: BaseException | None, service: str) -> str:
    """Return why a request is sent again, where a user waits long for it; else nothing."""
    if isinstance(error, httpx2.TimeoutException):
        return f"no answer in time from {error.request.url}"
    if isinstance(error, httpx2.HTTPStatusError) and find_retry_after(error):
        return f"{service or error.request.url} is busy"
    return ""
