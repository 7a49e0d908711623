from api.benchmark.http import Request, connect
from tests.support.servers import Answer, serve_answers


def test_a_request_with_a_body_is_posted_and_one_without_is_not():
    head, body = Request("/x", b"abc", "text/plain", "text/html").raw.split(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /x HTTP/1.1"
    assert {b"Content-Type: text/plain", b"Content-Length: 3", b"Accept: text/html"} <= set(head.split(b"\r\n"))
    assert body == b"abc"
    assert Request("/x").raw.startswith(b"GET /x HTTP/1.1\r\n")
    assert Request("/x").raw.endswith(b"\r\n\r\n")
    assert b"Content" not in Request("/x").raw


def test_a_request_alone_returns_its_status_and_body():
    with (
        serve_answers(lambda asked: Answer(429, b"busy")) as (address, asked),
        connect(int(address.rpartition(":")[2])) as client,
    ):
        answer = Request("/x", b"abc", "text/plain").send(client)
    assert (answer.status_code, answer.content) == (429, b"busy")
    assert (asked[0].method, asked[0].path, asked[0].body) == ("POST", "/x", b"abc")
