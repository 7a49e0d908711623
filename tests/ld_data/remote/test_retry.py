from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from ld_data.remote.retry import MAX_PAUSE_SECONDS, find_retry_after, read_retry_after, try_often

REQUEST = httpx2.Request("GET", "http://a/b")


def make_error(retry_after=None, status=503):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return httpx2.HTTPStatusError("busy", request=REQUEST, response=httpx2.Response(status, headers=headers))


def run(*errors, tries=4, **options):
    """Call an attempt that raises these errors in turn and then succeeds; return its result or its error."""
    left = iter(errors)

    def attempt():
        if (error := next(left, None)) is not None:
            raise error
        return "done"

    try:
        return try_often(attempt, tries, lambda error: isinstance(error, httpx2.HTTPError), **options)
    except httpx2.HTTPError as error:
        return error


def test_pauses_double_until_the_last_try(pauses):
    errors = [make_error() for _ in range(4)]
    assert run(*errors[:3]) == "done"
    assert pauses == [0.5, 1, 2]
    assert run(*errors) is errors[3]
    assert pauses == [0.5, 1, 2] * 2


def test_the_pause_is_that_of_the_header_unless_it_is_too_long(pauses):
    for readable in ("0", f"{MAX_PAUSE_SECONDS:.0f}", "soon"):
        assert run(make_error(), make_error(readable)) == "done"
    assert pauses == [0.5, 0, 0.5, 60, 0.5, 1]
    for too_long in ("61", "9" * 400):
        error = make_error(too_long)
        assert run(error) is error
    assert len(pauses) == 6


def test_an_error_that_will_not_pass_is_raised_at_once(pauses):
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())
    assert pauses == []


def test_a_long_pause_is_explained_on_stderr(pauses, capsys):
    run(make_error(), tries=3)
    assert capsys.readouterr().err == ""
    run(make_error("7"), tries=3)
    assert capsys.readouterr().err == "http://a/b is busy: trying again in 7 s, 2 of 3\n"
    run(make_error("7"), tries=3, service="http://a")
    assert capsys.readouterr().err == "http://a is busy: trying again in 7 s, 2 of 3\n"
    run(httpx2.ReadTimeout("", request=REQUEST), tries=3)
    assert capsys.readouterr().err == "no answer in time from http://a/b: trying again in 0.5 s, 2 of 3\n"
    run(make_error("7"), tries=1)
    assert capsys.readouterr().err == ""


def test_both_forms_of_the_header_are_read():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 < read_retry_after(later) <= 30
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    assert read_retry_after(" 5 ") == 5
    for unreadable in ("", "soon", "-1", "1.5", "Wed, 99 Oct 2015 07:28:00 GMT"):
        assert read_retry_after(unreadable) is None


def test_errors_without_an_answer_name_no_pause():
    assert find_retry_after(make_error("7")) == "7"
    assert find_retry_after(make_error()) == find_retry_after(httpx2.ConnectError("refused")) == ""
