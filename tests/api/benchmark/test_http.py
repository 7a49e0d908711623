import pytest

from api.benchmark.http import Answer, make_request

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;name=value\r\nlo\r\n0\r\n\r\n"


def take(answer, data, size):
    """Whether the answer was complete after each piece of that size."""
    return [answer.take(data[start : start + size]) for start in range(0, len(data), size)]


@pytest.mark.parametrize("data", [PLAIN, CHUNKED])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_an_answer_is_complete_with_its_last_byte_however_it_is_cut(data, size):
    answer = Answer(keep=True)
    complete = take(answer, data, size)
    assert complete[-1]
    assert not any(complete[:-1])
    assert (answer.status, answer.body, answer.body_bytes) == (200, b"hello", 5)


def test_a_body_that_nobody_wants_is_counted_and_not_kept():
    answer = Answer()
    assert answer.take(PLAIN)
    assert (answer.body, answer.body_bytes) == (None, 5)


@pytest.mark.parametrize("head", [b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", b"HTTP/1.1 204 X\r\n\r\n"])
def test_an_answer_without_a_body_is_complete_with_its_head(head):
    answer = Answer()
    assert answer.take(head)
    assert answer.body_bytes == 0


def test_the_status_of_a_refusal_is_told():
    answer = Answer()
    assert answer.take(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\n\r\n{}")
    assert answer.status == 429


def test_what_is_no_answer_is_refused():
    with pytest.raises(ValueError, match="expected an HTTP/1 answer"):
        Answer().take(b"SSH-2.0-OpenSSH\r\n\r\n")


def test_a_request_with_a_body_is_posted_and_one_without_is_not():
    request = make_request("/x", b"abc", "text/plain", "text/html")
    head, body = request.split(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /x HTTP/1.1"
    assert {b"Content-Type: text/plain", b"Content-Length: 3", b"Accept: text/html"} <= set(head.split(b"\r\n"))
    assert body == b"abc"
    assert make_request("/x").startswith(b"GET /x HTTP/1.1\r\n")
    assert make_request("/x").endswith(b"\r\n\r\n")
