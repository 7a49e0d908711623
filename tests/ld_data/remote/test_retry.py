from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ld_data.remote import retry as retries
from ld_data.remote.retry import MAX_PAUSE_SECONDS, read_retry_after, wait


@pytest.fixture
def pauses(monkeypatch):
    made = []
    monkeypatch.setattr(retries, "PAUSE_SECONDS", 0.5)
    monkeypatch.setattr(retries.time, "sleep", made.append)
    return made


def test_pauses_double_until_the_last_try(pauses):
    assert [wait(tried, 4) for tried in (1, 2, 3, 4)] == [True, True, True, False]
    assert pauses == [0.5, 1, 2]


def test_the_pause_is_what_is_asked_for_unless_that_is_too_long(pauses):
    assert wait(2, 3, "0")
    assert wait(2, 3, f"{MAX_PAUSE_SECONDS:.0f}")
    assert wait(2, 3, "soon")
    assert not wait(2, 3, "61")
    assert not wait(2, 3, "9" * 400)
    assert pauses == [0, 60, 1]


def test_both_forms_of_the_header_are_read():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 < read_retry_after(later) <= 30
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    assert read_retry_after(" 5 ") == 5
    for unreadable in ("", "soon", "-1", "1.5", "Wed, 99 Oct 2015 07:28:00 GMT"):
        assert read_retry_after(unreadable) is None


def test_who_waits_long_is_told_why(pauses, capsys):
    wait(1, 3)
    wait(1, 3, "7", "it is busy")
    wait(3, 3, note="it is busy")
    assert capsys.readouterr().err == "it is busy: trying again in 7 s, 2 of 3\n"
