"""Receipts: one line of canonical JSON for each accepted score, chained by hashes so that a log can be proved.

A log is JSON Lines: line i is the receipt of number i, in the one form that RFC 8785 allows, and names the sha256 of
the line before it. The hash of a line therefore proves that line and every line before it; the hash of the last line,
the head, proves the whole log. `rfc8785` writes the canonical form. The chain and its rules are written by hand, since
they are specific to this leaderboard and a user must be able to check them by reading one page.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import rfc8785

from ld_data.errors import InputError, IntegrityError

FORMAT = 1
SCORE, REMOVAL, SEASON, RESULT = "score", "removal", "season", "result"  # results: exact figures after a season's end
KINDS = (SCORE, REMOVAL, SEASON, RESULT)
PUBLIC, CHALLENGE = "public", "challenge"  # the tracks
NO_RECEIPT = "0" * 64  # the sha256 that the first receipt names as its predecessor


@dataclass(frozen=True)
class Receipt:
    """One line of the log: canonical JSON without a newline, and its content."""

    text: str
    values: dict[str, Any]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the receipt of JSON values; raise `InputError` for those that canonical JSON cannot hold, as NaN."""
        try:
            text = rfc8785.dumps(dict(values)).decode()
        except rfc8785.CanonicalizationError as error:
            raise InputError(f"a receipt must hold texts and finite numbers: {error}.") from error
        return cls(text, json.loads(text))

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Return the receipt in a line; raise `IntegrityError` if it is not a canonical receipt of this format."""
        try:
            # Canonical JSON has floats only, and writes some without a point: 1e16 is 10000000000000000.
            canonical = rfc8785.dumps(json.loads(line, parse_int=float))
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise IntegrityError(f"not JSON ({error})") from error
        if canonical != line:
            raise IntegrityError("not canonical JSON: it was changed or rewritten")
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise IntegrityError(f"not a receipt of format {FORMAT}")
        return cls(line.decode(), values)

    @property
    def sha256(self) -> str:
        """The sha256 of the text, which the next receipt names."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def number(self) -> int:
        """Its line number in the log, from 1."""
        return int(self.values["number"])


def make_receipt(kind: str, values: Mapping[str, Any], number: int, previous: str, time: str) -> Receipt:
    """Return a receipt: its line in the log, the sha256 of the line before, and the time (UTC, ISO 8601)."""
    return Receipt.of({"format": FORMAT, "kind": kind, "number": number, "previous": previous, "time": time, **values})


@dataclass(frozen=True)
class LogSummary:
    """The content of a proved log.

    Attributes:
        receipts, removals, seasons: the numbers of receipts of all kinds, of removals and of closed seasons.
        scores: the number of scores that stand, that is, were not removed.
        head: the sha256 of the last receipt; 64 zeros for an empty log.
        grown: the number of receipts after the given head; None without a given head.
        lines: the line number, from 1, of each given receipt, by its sha256.
    """

    receipts: int
    scores: int
    removals: int
    seasons: int
    head: str
    grown: int | None
    lines: dict[str, int]


def verify_log(lines: Iterable[bytes], head: str | None = None, receipts: Collection[str] = ()) -> LogSummary:
    """Return a summary of a log, whose lines may end in newlines, after checking every line.

    A closed season must reveal the secret whose hash its scores name. `head`, a sha256 that the service once gave for
    the last receipt, and `receipts`, the sha256 of any receipts, must be in the log. Then no line up to them has
    changed since. If the log has not `grown` after `head`, nothing was cut off its end either.

    Raises:
        IntegrityError: at the first line that was edited, moved, left out, inserted or rewritten, which it names; and
            for a `head` or receipt that the log does not hold.
    """
    standing: dict[int, str] = {}
    counts, last = Counter[str](), NO_RECEIPT
    secret_hashes: dict[str, Any] = {}  # by season
    closed: set[str] = set()
    lines_found = {NO_RECEIPT: 0} if head == NO_RECEIPT else {}  # the head of an empty log precedes every line
    wanted = {head, *receipts}
    for number, line in enumerate(lines, 1):
        try:
            receipt = Receipt.read(line.removesuffix(b"\n"))
            _check_position(receipt.values, number, last)
            kind = receipt.values["kind"]
            if kind == REMOVAL:
                del standing[_find_entry(standing, receipt.values, "removed")]
            elif kind == RESULT:
                _find_entry(standing, receipt.values, "entry")
            elif kind == SEASON or receipt.values.get("track") == CHALLENGE:
                _check_season(receipt.values, secret_hashes, closed)
        except IntegrityError as error:
            raise IntegrityError(f"line {number} of the log is wrong: {error}. Fetch the log again.") from error
        counts[kind] += 1
        last = receipt.sha256
        if last in wanted:
            lines_found[last] = number
        if kind == SCORE:
            standing[number] = last
    total = counts.total()
    found = {sha256: _find_line(sha256, lines_found, total) for sha256 in receipts}
    grown = None if head is None else total - _find_line(head, lines_found, total)
    return LogSummary(total, len(standing), counts[REMOVAL], counts[SEASON], last, grown, found)


def _find_line(sha256: str, lines: Mapping[str, int], total: int) -> int:
    if sha256 not in lines:
        raise IntegrityError(
            f"none of the {total} receipts of the log has the sha256 {sha256}: the end of the log was cut off, the log "
            "was rewritten, it is older than that receipt, or it is another log. Fetch the log again."
        )
    return lines[sha256]


def _check_season(values: Mapping[str, Any], hashes: dict[str, Any], closed: set[str]) -> None:
    """Check a score or the end of a season against the seasons so far: the hashes of their secrets, and the closed."""
    closes = values["kind"] == SEASON
    key = repr([values.get(name) for name in ("release", "data_sha256", "season")])  # forged values have any type
    secret, sha256 = values.get("secret"), values.get("secret_sha256")
    if key in closed:
        raise IntegrityError("its season was closed before")
    if closes and (not isinstance(secret, str) or hashlib.sha256(secret.encode()).hexdigest() != sha256):
        raise IntegrityError(f"the secret that it reveals does not have the sha256 {sha256!r}")
    if hashes.setdefault(key, sha256) != sha256:
        wrong = "reveals another secret than the one that the season's scores name"
        raise IntegrityError(f"it {wrong if closes else 'names another secret than the scores before it'}")
    if closes:
        closed.add(key)


def _check_position(values: Mapping[str, Any], number: int, previous: str) -> None:
    if values.get("kind") not in KINDS:
        raise IntegrityError(f"expected a receipt of the kind {', '.join(KINDS)}; received {values.get('kind')!r}")
    if values.get("number") != number or isinstance(values["number"], bool):
        raise IntegrityError(
            f"expected number {number}; received {values.get('number')!r}: a line is missing or was moved"
        )
    if values.get("previous") != previous:
        raise IntegrityError(
            f"it names the predecessor {values.get('previous')!r}, but the line before it has the sha256 {previous}: "
            "one of the two was edited"
        )


def _find_entry(standing: Mapping[int, str], values: Mapping[str, Any], field: str) -> int:
    """Return the number of the standing score that a removal or a result names, with its hash."""
    number, expected = values.get(field), values.get(f"{field}_sha256")
    if not isinstance(number, int) or not isinstance(expected, str) or standing.get(number) != expected:
        wrong = "which is not a standing score before it, or has another sha256"
        raise IntegrityError(f"it names {number!r} as {field}, {wrong}")
    return number
