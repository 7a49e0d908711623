"""What one request may ask for, and how many the service works on at once."""

from dataclasses import dataclass
from typing import Literal

from ld_data.errors import TooLargeError

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True)
class Limits:
    """The limits that `/info` announces.

    Attributes:
        max_body_bytes: of one request.
        max_rows: vectors, inputs, labels or signals of one request.
        max_pictures: in one PNG sheet.
        max_values: numbers that a generator holds for one request: rows times steps.
        max_streamed_values: numbers in an answer that a generator makes part by part.
        max_requests: in progress at the same time, other than those that wait for a model's first rows.
        max_waiting_rows: that wait for a model at the same time; of a larger request its next 128 do.
        max_held_bytes: of all bodies that arrive or are worked on at the same time.
        max_body_seconds: for a request's body to arrive.
        max_submissions: to the leaderboards that one client may send in a minute, whatever becomes of them.
    """

    max_body_bytes: int = 32 * 2**20
    max_rows: int = 10_000
    max_pictures: int = 400
    max_values: int = 2_000_000
    max_streamed_values: int = 100_000_000
    max_requests: int = 64
    max_waiting_rows: int = 2048
    max_held_bytes: int = 512 * 2**20
    max_body_seconds: float = 60.0
    max_submissions: int = 30

    def check_rows(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks for more rows than are allowed."""
        if rows > self.max_rows:
            raise TooLargeError(
                f"one request may hold at most {self.max_rows} rows; received {rows}. Send them in several requests."
            )

    def check_pictures(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks for more pictures than are allowed."""
        if rows > self.max_pictures:
            raise TooLargeError(
                f"one sheet may hold at most {self.max_pictures} pictures; received {rows} rows. "
                "Send them in several requests, or take .npy."
            )

    def check_generated_rows(self, rows: int) -> None:
        """Raise `TooLargeError` if a request asks a generator for more rows than are allowed in one piece."""
        if rows > self.max_rows:
            raise TooLargeError(
                f"one answer may hold at most {self.max_rows} signals; asked for {rows}. In fast mode .npy and .npz "
                "(by the header Accept) are streamed and may hold more; `python -m ld_data generate` knows no limit."
            )

    def check_values(self, values: int) -> None:
        """Raise `TooLargeError` if a request asks a generator for more numbers than are allowed."""
        if values > self.max_values:
            raise TooLargeError(
                f"one request may make the generator hold at most {self.max_values} numbers; this one needs {values}. "
                "Ask for fewer or shorter signals, or generate them with `python -m ld_data generate`."
            )

    def check_streamed_values(self, values: int) -> None:
        """Raise `TooLargeError` if a request asks for a longer stream than is allowed."""
        if values > self.max_streamed_values:
            raise TooLargeError(
                f"one answer may stream at most {self.max_streamed_values} numbers; this one would {values}. "
                "Ask for fewer or shorter signals, or generate them with `python -m ld_data generate`."
            )
