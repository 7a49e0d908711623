"""Receipts: one line of canonical JSON for each accepted score, chained by hashes so that a log can be proved.

A log is JSON Lines: line i is the receipt of number i, in the one form that RFC 8785 allows, and names the sha256 of
the line before it. Whoever knows the hash of a line can tell any change of it and of any line before it; who knows the
last hash, the head, any change of the log.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import rfc8785

from ld_data.errors import InputError, IntegrityError

FORMAT = 1
SCORE, REMOVAL, SEASON = "score", "removal", "season"
KINDS = (SCORE, REMOVAL, SEASON)
PUBLIC, CHALLENGE = "public", "challenge"  # the tracks; a score of the time before them is public
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
    """What a whole log holds, and where in it the receipts are that were asked for.

    Attributes:
        receipts: how many there are, of all kinds.
        scores: those of scores that stand.
        removals, seasons: those of removals, and of closed seasons.
        head: the sha256 of the last one; 64 zeros of an empty log.
        grown: how many came after the head that was asked for; None if none was.
        lines: the number of the line, from 1, of each receipt that was asked for, by its sha256.
    """

    receipts: int
    scores: int
    removals: int
    seasons: int
    head: str
    grown: int | None = None
    lines: dict[str, int] = field(default_factory=dict)


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


def verify_log(lines: Iterable[bytes], head: str | None = None, receipts: Collection[str] = ()) -> LogSummary:
    """Return what a log holds once every line is proved; raise `IntegrityError` for the first that is wrong.

    A closed season must reveal the secret whose hash its scores name. `head`, the sha256 of the last receipt as the
    service told it at some time, and `receipts`, those of any, must be in the log, else `IntegrityError`: so no line up
    to them was changed since they were told. A log with more receipts than when the head was told has `grown`; one that
    has not is proved to its end, so that nothing was cut off.
    """
    standing: dict[int, str] = {}
    seasons = _Seasons()
    counts, last = Counter[str](), NO_RECEIPT
    places = {NO_RECEIPT: 0} if head == NO_RECEIPT else {}  # an empty log's head comes before all
    asked = {head, *receipts}
    for receipt in read_log(lines):
        last = receipt.sha256
        if last in asked:
            places[last] = receipt.number
        counts[receipt.values["kind"]] += 1
        if receipt.values["kind"] == REMOVAL:
            _take_away(standing, receipt)
        elif receipt.values["kind"] == SEASON:
            seasons.close(receipt)
        else:
            standing[receipt.number] = last
            seasons.enter(receipt)
    total = counts.total()
    found = {sha256: _find(sha256, places, total) for sha256 in receipts}
    grown = None if head is None else total - _find(head, places, total)
    return LogSummary(total, len(standing), counts[REMOVAL], counts[SEASON], last, grown, found)


def _find(sha256: str, places: Mapping[str, int], total: int) -> int:
    if sha256 not in places:
        raise IntegrityError(
            f"none of the {total} receipts of the log has the sha256 {sha256}: its end was cut off, it was made anew, "
            "it is older than that receipt, or it is another log. Fetch the log again."
        )
    return places[sha256]


class _Seasons:
    """The seasons of the challenge track that a log tells of: which secret they are bound to, and which are closed."""

    def __init__(self) -> None:
        self._hashes: dict[str, Any] = {}
        self._closed: set[str] = set()

    def enter(self, score: Receipt) -> None:
        """Raise `IntegrityError` for a score in a season that is closed, or is bound to another secret."""
        if score.values.get("track", PUBLIC) == PUBLIC:
            return
        key, expected = _name_season(score), score.values.get("secret_sha256")
        if key in self._closed:
            raise _wrong(score, "its season was closed before")
        if self._hashes.setdefault(key, expected) != expected:
            raise _wrong(score, "it names another secret than the scores before it in the same season")

    def close(self, season: Receipt) -> None:
        """Raise `IntegrityError` for a secret that is not the one that the season's scores were bound to."""
        key, secret, told = _name_season(season), season.values.get("secret"), season.values.get("secret_sha256")
        if key in self._closed:
            raise _wrong(season, "its season was closed before")
        if not isinstance(secret, str) or hashlib.sha256(secret.encode()).hexdigest() != told:
            raise _wrong(season, f"the secret that it reveals has not the sha256 {told!r}")
        if self._hashes.get(key, told) != told:
            raise _wrong(season, "it reveals another secret than the one that the season's scores name")
        self._closed.add(key)


def _name_season(receipt: Receipt) -> str:
    """Return what tells one season from another, whatever types a forged receipt holds."""
    return repr([receipt.values.get(name) for name in ("release", "data_sha256", "season")])


def _wrong(receipt: Receipt, reason: str) -> IntegrityError:
    return IntegrityError(f"line {receipt.number} of the log is wrong: {reason}. Fetch the log again.")


def _check_place(values: Mapping[str, Any], number: int, previous: str) -> None:
    if values.get("kind") not in KINDS:
        raise IntegrityError(f"expected a receipt of the kind {', '.join(KINDS)}; it is {values.get('kind')!r}")
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
        raise _wrong(removal, f"it removes {removed!r}, which is no score before it that stands, or has another sha256")
