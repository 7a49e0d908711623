"""The settings of the service: its limits, the format of its log, and the level of its log."""

from dataclasses import dataclass
from typing import Literal

from api.errors import TooLargeError

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True)
class Limits:
    """The limits that `/info` announces.

    Attributes:
        max_body_bytes: bytes of one request body.
        max_rows: vectors, inputs, labels or signals of one request.
        max_pictures: pictures on one PNG sheet.
        max_values: numbers that a generator holds for one request: rows times steps.
        max_streamed_values: numbers in one answer that a generator streams.
        max_requests: requests in progress at the same time, without those that wait for the first rows of a model.
        max_waiting_rows: rows that wait for a model at the same time; a larger request counts with its next 128 rows.
        max_held_bytes: bytes of all bodies that arrive or are in work at the same time.
        max_body_seconds: time for the body of a request to arrive.
        max_submissions: submissions to the leaderboards from one client in a minute, accepted or refused.
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
        """Check the number of rows of one request.

        Raises:
            TooLargeError: the number exceeds `max_rows`.
        """
        if rows > self.max_rows:
            raise TooLargeError(
                f"one request may hold at most {self.max_rows} rows; received {rows}. Send them in several requests."
            )

    def check_pictures(self, rows: int) -> None:
        """Check the number of pictures of one sheet.

        Raises:
            TooLargeError: the number exceeds `max_pictures`.
        """
        if rows > self.max_pictures:
            raise TooLargeError(
                f"one sheet may hold at most {self.max_pictures} pictures; received {rows} rows. "
                "Send them in several requests, or ask for .npy."
            )

    def check_generated_rows(self, rows: int) -> None:
        """Check the number of signals of an answer that is not streamed.

        Raises:
            TooLargeError: the number exceeds `max_rows`.
        """
        if rows > self.max_rows:
            raise TooLargeError(
                f"one answer may hold at most {self.max_rows} signals; asked for {rows}. In fast mode .npy and .npz "
                "(by the header Accept) are streamed and may hold more; `python -m ld_data generate` has no limit."
            )

    def check_values(self, values: int) -> None:
        """Check how many numbers a generator has to hold for one request.

        Raises:
            TooLargeError: the number exceeds `max_values`.
        """
        if values > self.max_values:
            raise TooLargeError(
                f"one request may make the generator hold at most {self.max_values} numbers; this one needs {values}. "
                "Ask for fewer or shorter signals, or generate them with `python -m ld_data generate`."
            )

    def check_streamed_values(self, values: int) -> None:
        """Check how many numbers a generator has to stream for one request.

        Raises:
            TooLargeError: the number exceeds `max_streamed_values`.
        """
        if values > self.max_streamed_values:
            raise TooLargeError(
                f"one answer may stream at most {self.max_streamed_values} numbers; this one would stream {values}. "
                "Ask for fewer or shorter signals, or generate them with `python -m ld_data generate`."
            )
