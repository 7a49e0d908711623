"""Receipts: one line of canonical JSON for each accepted score, chained by hashes so that a log can be proved.

A log is JSON Lines: line i is the receipt of number i, in the one form that RFC 8785 allows, and names the sha256 of
the line before it. Whoever knows the last hash, the head, can tell any change of any line.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import rfc8785

from ld_data.errors import InputError, IntegrityError

FORMAT = 1
SCORE, REMOVAL = "score", "removal"
NO_RECEIPT = "0" * 64  # what the first receipt names as the one before it


@dataclass(frozen=True)
class Receipt:
    """One line of the log.

    Attributes:
        text: canonical JSON, without a line's end.
        values: what it says.
    """

    text: str
    values: dict[str, Any]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the receipt of JSON values; raise `InputError` for what canonical JSON cannot hold, such as NaN."""
        try:
            text = rfc8785.dumps(dict(values)).decode()
        except rfc8785.CanonicalizationError as error:
            raise InputError(f"a receipt must hold texts and finite numbers: {error}.") from error
        return cls(text, json.loads(text))

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Return the receipt in a line; raise `IntegrityError` if it is not a canonical one of this format."""
        try:
            # Canonical JSON knows floats alone, of which some are written without a point: 1e16 is 10000000000000000.
            canonical = rfc8785.dumps(json.loads(line, parse_int=float))
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise IntegrityError(f"not JSON ({error})") from error
        if canonical != line:
            raise IntegrityError("not canonical JSON: something was changed or written anew")
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise IntegrityError(f"not a receipt of format {FORMAT}")
        return cls(line.decode(), values)

    @property
    def sha256(self) -> str:
        """The hash that the next receipt names."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def number(self) -> int:
        """Its place in the log, from 1."""
        return int(self.values["number"])


@dataclass(frozen=True)
class Place:
    """Where the next receipt goes: its number, the hash of the one before it, and the time (UTC, ISO 8601)."""

    number: int
    previous: str
    time: str

    def make_receipt(self, kind: str, values: Mapping[str, Any]) -> Receipt:
        """Return the receipt at this place; raises as `Receipt.of`."""
        place = {"number": self.number, "previous": self.previous, "time": self.time}
        return Receipt.of({"format": FORMAT, "kind": kind, **place, **values})


@dataclass(frozen=True)
class LogSummary:
    """What a whole log holds: receipts, those of scores that stand, removals, and the head."""

    receipts: int
    scores: int
    removals: int
    head: str


def read_log(lines: Iterable[bytes]) -> Iterator[Receipt]:
    """Yield the receipts of a log, each checked against its place.

    `lines` may end in newlines. Raises `IntegrityError` that names the first line that was edited, moved, left out, put
    in, or written anew.
    """
    previous = NO_RECEIPT
    for number, line in enumerate(lines, 1):
        try:
            receipt = Receipt.read(line.removesuffix(b"\n"))
            _check_place(receipt.values, number, previous)
        except IntegrityError as error:
            raise IntegrityError(f"line {number} of the log is wrong: {error}. Fetch the log again.") from error
        previous = receipt.sha256
        yield receipt


def verify_log(lines: Iterable[bytes], head: str | None = None) -> LogSummary:
    """Return what a log holds once every line is proved; raise `IntegrityError` for the first that is wrong.

    With `head`, the sha256 of the last receipt as the service tells it, a log whose end was cut off, or that was made
    anew as a whole, is refused as well.
    """
    standing: dict[int, str] = {}
    removals, last = 0, NO_RECEIPT
    for receipt in read_log(lines):
        last = receipt.sha256
        if receipt.values["kind"] == REMOVAL:
            _take_away(standing, receipt)
            removals += 1
        else:
            standing[receipt.number] = last
    if head not in (None, last):
        raise IntegrityError(
            f"the log ends with the receipt {last}, not with {head}: its end was cut off, it has grown since, or it is "
            "another log. Fetch log and head again."
        )
    return LogSummary(len(standing) + 2 * removals, len(standing), removals, last)


def _check_place(values: Mapping[str, Any], number: int, previous: str) -> None:
    if values.get("kind") not in (SCORE, REMOVAL):
        raise IntegrityError(f"expected a receipt of the kind {SCORE} or {REMOVAL}; it is {values.get('kind')!r}")
    if values.get("number") != number or isinstance(values["number"], bool):
        raise IntegrityError(f"expected number {number}; it says {values.get('number')!r}: a line is missing or moved")
    if values.get("previous") != previous:
        raise IntegrityError(
            f"it follows {values.get('previous')!r}, but the line before it has the sha256 {previous}: "
            "one of the two was edited"
        )


def _take_away(standing: dict[int, str], removal: Receipt) -> None:
    removed, expected = removal.values.get("removed"), removal.values.get("removed_sha256")
    if not isinstance(removed, int) or not isinstance(expected, str) or standing.pop(removed, None) != expected:
        raise IntegrityError(
            f"line {removal.number} of the log is wrong: it removes {removed!r}, which is no score before it that "
            "stands, or has another sha256. Fetch the log again."
        )
