"""The settings of the service: its limits, the format of its log, and the level of its log."""

import re
from dataclasses import dataclass
from typing import Literal

from api.errors import TooLargeError
from ld_data.errors import InputError

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]

ADVICE = {
    "max_rows": "one request may hold at most {most} rows; received {amount}. Send them in several requests.",
    "max_pictures": "one sheet may hold at most {most} pictures; received {amount} rows. Send them in several "
    "requests, or ask for .npy.",
    "max_signals": "one answer may hold at most {most} signals; asked for {amount}. In fast mode .npy and .npz (by the "
    "header Accept) are streamed and may hold more; `python -m ld_data generate` has no limit.",
    "max_values": "one request may make the generator hold at most {most} numbers; this one needs {amount}. Ask for "
    "fewer or shorter signals, or generate them with `python -m ld_data generate`.",
    "max_streamed_values": "one answer may stream at most {most} numbers; this one would stream {amount}. Ask for "
    "fewer or shorter signals, or generate them with `python -m ld_data generate`.",
}


PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")  # a path of plain segments, or nothing
ORIGIN = re.compile(r"\*|null|https?://[^\s/?#@]+")


@dataclass(frozen=True)
class Access:
    """How clients reach the service; the constructor raises `InputError` for a path or an origin that is none."""

    root_path: str = ""  # begins all its paths, such as /ld, where a proxy takes it off
    origins: tuple[str, ...] = ()  # whose pages may send requests
    forwarded_allow_ips: str = ""  # proxies whose X-Forwarded-* are believed, separated by commas

    def __post_init__(self) -> None:
        """Check the path and the origins."""
        if not PATH.fullmatch(self.root_path):
            raise InputError(
                f"the root path must be like /ld, of letters, digits, ., _, ~ and -, without a slash at its end; "
                f"received {self.root_path!r}."
            )
        for origin in self.origins:
            if not ORIGIN.fullmatch(origin):
                raise InputError(f"an origin is like https://example.org, without a path, or *; received {origin!r}.")


@dataclass(frozen=True)
class Limits:
    """The limits that `/info` announces."""

    max_body_bytes: int = 32 * 2**20  # of one request
    max_rows: int = 10_000  # vectors, inputs, labels or signals of one request
    max_pictures: int = 400  # on one PNG sheet
    max_values: int = 2_000_000  # numbers that a generator holds for one request: rows times steps
    max_streamed_values: int = 100_000_000  # numbers in one answer that a generator streams
    max_requests: int = 64  # in progress at the same time, without those that wait for the first rows of a model
    max_streams: int = 32  # answers that are sent while they are made
    max_client_streams: int = 8  # of them, to one client
    max_waiting_submissions: int = 16  # in progress at the same time, since they wait for the database
    max_waiting_rows: int = 2048  # for a model at the same time; a larger request counts with its next 128 rows
    max_waiting_seconds: float = 0.06  # that such rows take; 1024 rows may wait however long they take
    max_held_bytes: int = 512 * 2**20  # of all bodies that arrive or are in work at the same time
    max_body_seconds: float = 60.0  # for the body of a request to arrive
    max_submissions: int = 30  # to the leaderboards from one client in a minute, accepted or refused

    def check(self, limit: str, amount: int) -> None:
        """Check an amount in a request against a limit of `ADVICE`.

        Raises:
            TooLargeError: the amount exceeds the limit.
        """
        if amount > (most := getattr(self, limit)):
            raise TooLargeError(ADVICE[limit].format(most=most, amount=amount))

    @property
    def max_signals(self) -> int:
        """Signals of one answer that is not streamed: as many as rows."""
        return self.max_rows
