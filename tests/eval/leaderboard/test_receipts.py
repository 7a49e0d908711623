import json
from hashlib import sha256

import pytest
import rfc8785

from eval.leaderboard.receipts import NO_RECEIPT, REMOVAL, SCORE, SEASON, Receipt, make_receipt, verify_log
from ld_data.errors import InputError, IntegrityError


def make_log(count=4, removed=2):
    """Receipts of scores, and one of a removal at the end."""
    receipts = []
    for number in range(1, count + 1):
        previous = receipts[-1].sha256 if receipts else NO_RECEIPT
        place = (number, previous, "2026-01-01T00:00:00+00:00")
        values = {"score": {"mse": 0.1 * number, "rows": number}, "submission": {"name": "ä ≠ <b>"}}
        if number == count and removed:
            removal = {"removed": removed, "removed_sha256": receipts[removed - 1].sha256}
            receipts.append(make_receipt(REMOVAL, removal, *place))
        else:
            receipts.append(make_receipt(SCORE, values, *place))
    return receipts


@pytest.fixture
def lines():
    return [f"{receipt.text}\n".encode() for receipt in make_log()]


def test_a_whole_log_is_proved_and_summed_up(lines):
    summary = verify_log(lines, make_log()[-1].sha256)
    assert (summary.receipts, summary.scores, summary.removals) == (4, 2, 1)
    assert summary.head == make_log()[-1].sha256
    assert verify_log([]).head == NO_RECEIPT


def test_each_receipt_names_the_one_before_it():
    receipts = make_log()
    assert receipts[0].values["previous"] == "0" * 64
    assert [after.values["previous"] for after in receipts[1:]] == [before.sha256 for before in receipts[:-1]]


def test_any_changed_byte_of_any_line_is_caught(lines):
    """In the last line only where the head is known: nothing comes after it that names its hash."""
    head = make_log()[-1].sha256
    for place, line in enumerate(lines):
        for byte in range(0, len(line) - 1, 7):
            edited = line[:byte] + bytes([line[byte] ^ 1]) + line[byte + 1 :]
            with pytest.raises(IntegrityError):
                verify_log([*lines[:place], edited, *lines[place + 1 :]], head)


def test_an_edited_score_is_caught_at_the_line_that_follows_it(lines):
    values = json.loads(lines[1])
    values["score"]["mse"] = 0.01
    lines[1] = rfc8785.dumps(values) + b"\n"
    with pytest.raises(IntegrityError, match=r"line 3 of the log.*one of the two was edited"):
        verify_log(lines)


def test_a_line_rewritten_in_another_form_is_caught(lines):
    lines[1] = json.dumps(json.loads(lines[1])).encode() + b"\n"
    with pytest.raises(IntegrityError, match=r"line 2 of the log.*not canonical"):
        verify_log(lines)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines[1:], "line 1.*expected number 1; received 2"),
        (lambda lines: [lines[0], *lines[2:]], "line 2.*missing or was moved"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "line 2.*missing or was moved"),
        (lambda lines: [lines[0], *lines], "line 2.*missing or was moved"),
        (lambda lines: [*lines, b"\n"], "line 5.*not JSON"),
        (lambda lines: [*lines, b"[]\n"], "line 5.*not a receipt"),
        (lambda lines: [*lines, b"[" * 100_000], "line 5.*not JSON"),
        (lambda lines: [lines[0].replace(b"\n", b"\r\n"), *lines[1:]], "line 1"),
        (lambda lines: [b"\xff", *lines], "line 1.*not JSON"),
        (lambda lines: [lines[0].replace(b'"number":1', b'"number":true'), *lines[1:]], "line 1.*expected number"),
        (lambda lines: [lines[0].replace(b'"kind":"score"', b'"kind":"other"'), *lines[1:]], "line 1.*kind"),
    ],
)
def test_the_first_wrong_line_is_named(lines, change, words):
    with pytest.raises(IntegrityError, match=words):
        verify_log(change(lines))


def test_an_end_that_was_cut_off_is_caught_by_the_head(lines):
    head = make_log()[-1].sha256
    assert verify_log(lines[:-1]).receipts == 3
    with pytest.raises(IntegrityError, match="the end of the log was cut off"):
        verify_log(lines[:-1], head)
    with pytest.raises(IntegrityError, match="the end of the log was cut off"):
        verify_log([], head)


def test_a_kept_receipt_is_found_by_its_hash_however_the_log_has_grown(lines):
    hashes = [receipt.sha256 for receipt in make_log()]
    summary = verify_log(lines, receipts=[hashes[2], hashes[0], hashes[0]])
    assert (summary.lines, summary.grown) == ({hashes[2]: 3, hashes[0]: 1}, None)
    for kept in ("ab" * 32, NO_RECEIPT):
        with pytest.raises(IntegrityError, match=rf"none of the 4 receipts of the log has the sha256 {kept}"):
            verify_log(lines, receipts=[hashes[0], kept])


def test_growth_since_a_head_is_counted_and_another_log_is_refused(lines):
    heads = [NO_RECEIPT, *(receipt.sha256 for receipt in make_log())]
    assert [verify_log(lines, head).grown for head in heads] == [4, 3, 2, 1, 0]
    assert verify_log([], NO_RECEIPT).grown == 0
    values = json.loads(lines[0]) | {"score": {"mse": 0.01}}
    edited = Receipt.of(values)
    after = make_receipt(SCORE, {}, 2, edited.sha256, "now")
    with pytest.raises(IntegrityError, match="was rewritten"):  # a log whose chain is whole again
        verify_log([edited.text.encode(), after.text.encode()], heads[1])


def test_a_removal_must_name_a_score_that_stands(lines):
    receipts = make_log()
    after = (5, receipts[-1].sha256, "now")
    for values in (
        {"removed": 2, "removed_sha256": receipts[1].sha256},  # removed before
        {"removed": 1, "removed_sha256": receipts[1].sha256},  # another's hash
        {"removed": 4, "removed_sha256": receipts[3].sha256},  # a removal itself
        {"removed": 9, "removed_sha256": None},
        {},
    ):
        line = make_receipt(REMOVAL, values, *after).text.encode()
        with pytest.raises(IntegrityError, match=r"line 5.*names .* as removed"):
            verify_log([*lines, line])


@pytest.mark.parametrize("value", [0.1, 1e-7, 1e16, 1.5e300, 0.0, -0.0, 1, 2**53 - 1, "\u2028", "é", None, [0.5, 1.0]])
def test_numbers_and_texts_survive_a_line(value):
    receipt = Receipt.of({"format": 1, "value": value})
    assert Receipt.read(receipt.text.encode()) == receipt
    assert receipt.values["value"] == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, "\ud800"])
def test_values_that_canonical_json_cannot_hold_are_refused(value):
    with pytest.raises(InputError, match="finite numbers"):
        Receipt.of({"value": value})


REVEALED = "a secret"
SHA256 = sha256(REVEALED.encode()).hexdigest()
WHERE = {"release": "ld-a-4", "data_sha256": "5ha", "season": 1}
IN_SEASON = (SCORE, WHERE | {"track": "challenge", "secret_sha256": SHA256})
CLOSED = (SEASON, WHERE | {"secret": REVEALED, "secret_sha256": SHA256})


def make_lines(*parts):
    """A log of receipts of such kinds and values, with its chain in order."""
    receipts = []
    for number, (kind, values) in enumerate(parts, 1):
        previous = receipts[-1].sha256 if receipts else NO_RECEIPT
        receipts.append(make_receipt(kind, values, number, previous, "2026-01-01T00:00:00+00:00"))
    return [f"{receipt.text}\n".encode() for receipt in receipts]


def test_a_log_with_a_closed_season_is_proved():
    other = (SCORE, WHERE | {"season": 2, "track": "challenge", "secret_sha256": "another"})
    summary = verify_log(make_lines((SCORE, {}), IN_SEASON, (SCORE, {"track": "public"}), CLOSED, other))
    assert (summary.receipts, summary.scores, summary.seasons) == (5, 4, 1)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([IN_SEASON, (SEASON, CLOSED[1] | {"secret": "edited"})], "line 2.*does not have the sha256"),
        ([IN_SEASON, (SEASON, WHERE)], "line 2.*does not have the sha256"),
        ([(SEASON, CLOSED[1] | {"secret": ["a"]})], "line 1.*does not have the sha256"),
        (
            [IN_SEASON, (SEASON, WHERE | {"secret": "b", "secret_sha256": sha256(b"b").hexdigest()})],
            "line 2.*another secret than the one that the season's scores name",
        ),
        ([IN_SEASON, (SCORE, IN_SEASON[1] | {"secret_sha256": "other"})], "line 2.*another secret"),
        ([CLOSED, IN_SEASON], "line 2.*closed before"),
        ([CLOSED, CLOSED], "line 2.*closed before"),
    ],
)
def test_a_wrong_secret_of_a_season_is_caught_in_a_whole_chain(parts, words):
    with pytest.raises(IntegrityError, match=words):
        verify_log(make_lines(*parts))
