"""Conditional and range requests, case by case as in RFC 9110, sections 13 and 14."""

from contextlib import closing
from email.utils import parsedate_to_datetime

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.releases.catalogue import Catalogue
from eval.leaderboard.store import Store
from tests.support.fakes import FakeCodec
from tests.support.service import BASE, assert_error

FILE = f"{BASE}/files/data.npz"
LONG_AGO, LATER = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
OTHER = '"other"'


@pytest.fixture(scope="module")
def client(built_release, empty_store):
    """A client for all cases: no case changes anything."""
    with Catalogue() as catalogue, closing(Store(empty_store)) as store:
        catalogue.add_all(built_release.parent, lambda folder: FakeCodec())
        yield TestClient(make_app(catalogue, store))


@pytest.fixture(scope="module")
def whole(client):
    return client.get(FILE)


@pytest.fixture
def fill(whole):
    """Return headers with the file's ETag, date and size filled in."""
    modified = whole.headers["last-modified"]
    values = {
        "etag": whole.headers["etag"],
        "date": modified,
        "rfc850": _write_date(modified, "%A, %d-%b-%y %H:%M:%S GMT"),
        "asctime": _write_date(modified, "%a %b %d %H:%M:%S %Y"),
        "size": len(whole.content),
    }
    return lambda headers: [(name, value.format(**values)) for name, value in headers]


def _write_date(date, form):
    return parsedate_to_datetime(date).strftime(form)


CONDITIONS = [
    ([("If-None-Match", "{etag}")], 304),
    ([("If-None-Match", "W/{etag}")], 304),  # the comparison is weak
    ([("If-None-Match", f"{OTHER}, {{etag}}")], 304),
    ([("If-None-Match", OTHER), ("If-None-Match", "{etag}")], 304),  # a list may come in several lines
    ([("If-None-Match", '"a,b" ,, {etag}')], 304),
    ([("If-None-Match", "*")], 304),
    ([("If-None-Match", OTHER)], 200),
    ([("If-None-Match", '"*"')], 200),
    ([("If-Modified-Since", "{date}")], 304),
    ([("If-Modified-Since", "{rfc850}")], 304),
    ([("If-Modified-Since", "{asctime}")], 304),
    ([("If-Modified-Since", LATER)], 304),
    ([("If-Modified-Since", LONG_AGO)], 200),
    ([("If-Modified-Since", "yesterday")], 200),
    ([("If-Modified-Since", "{date}"), ("If-Modified-Since", "{date}")], 200),
    ([("If-Modified-Since", f"Mon, 01 Jan 2001 00:00:00 +{'9' * 20}")], 200),
    ([("If-Modified-Since", "{date}"), ("If-None-Match", OTHER)], 200),  # a date counts only without an ETag
    ([("If-Modified-Since", LONG_AGO), ("If-None-Match", "{etag}")], 304),
    ([("If-Match", "{etag}")], 200),
    ([("If-Match", f"{OTHER}, {{etag}}")], 200),
    ([("If-Match", OTHER), ("If-Match", "{etag}")], 200),
    ([("If-Match", "*")], 200),
    ([("If-Match", OTHER)], 412),
    ([("If-Match", "W/{etag}")], 412),  # the comparison is strong
    ([("If-Unmodified-Since", "{date}")], 200),
    ([("If-Unmodified-Since", LATER)], 200),
    ([("If-Unmodified-Since", LONG_AGO)], 412),
    ([("If-Unmodified-Since", "yesterday")], 200),
    ([("If-Unmodified-Since", LONG_AGO), ("If-Match", "{etag}")], 200),
    ([("If-Match", OTHER), ("If-None-Match", "{etag}")], 412),  # in the order of section 13.2.2
    ([("If-Match", "{etag}"), ("If-None-Match", "{etag}")], 304),
    ([("If-Unmodified-Since", LONG_AGO), ("If-None-Match", "{etag}")], 412),
    ([("If-Match", "{etag}"), ("If-Modified-Since", "{date}")], 304),
    ([("If-None-Match", "{etag}"), ("Range", "bytes=0-3")], 304),
    ([("If-Match", OTHER), ("Range", "bytes=999999999-")], 412),
    ([("If-Match", "{etag}"), ("Range", "bytes=0-3")], 206),
    ([("If-None-Match", OTHER), ("Range", "bytes=0-3"), ("If-Range", OTHER)], 200),
]


@pytest.mark.parametrize(("headers", "status"), CONDITIONS)
def test_conditions_decide_in_their_order(client, whole, fill, headers, status):
    answer = client.get(FILE, headers=fill(headers))
    assert answer.status_code == status
    assert answer.headers["etag"] == whole.headers["etag"]
    assert answer.headers["cache-control"] == "no-cache"
    if status == 412:
        assert_error(answer, 412, "precondition_failed", "If-Match", "data.npz")
    expected = {304: b"", 200: whole.content, 206: whole.content[:4], 412: answer.content}
    assert answer.content == expected[status]
    head = client.head(FILE, headers=fill(headers))
    assert (head.status_code, head.content) == (200 if status == 206 else status, b"")


RANGES = [  # the ranges of an answer 206, 416 for none, or 200 for the whole file
    ("bytes=0-9", [(0, 10)]),
    ("bytes=5-5", [(5, 6)]),
    ("bytes=-7", [(-7, None)]),
    ("bytes=10-", [(10, None)]),
    ("bytes=00010-000019", [(10, 20)]),
    ("BYTES=0-9", [(0, 10)]),
    ("bytes=0-999999999999999999999999", [(0, None)]),
    ("bytes=-999999999999999999999999", [(0, None)]),
    ("bytes= 0-9 ,, 20-29\t", [(0, 10), (20, 30)]),
    ("bytes=20-29,0-9", [(0, 10), (20, 30)]),
    ("bytes=0-9,5-14", [(0, 15)]),
    ("bytes=0-9,999999999-", [(0, 10)]),
    ("bytes=0-9,-0", [(0, 10)]),
    ("bytes=0-1,-2", [(0, 2), (-2, None)]),
    ("bytes=999999999-", 416),
    ("bytes={size}-", 416),
    ("bytes=-0", 416),
    (f"bytes={'9' * 5000}-", 416),
    ("bytes=9-5", 200),
    ("bytes=0-9,9-5", 200),
    ("bytes=", 200),
    ("bytes=,", 200),
    ("bytes=-", 200),
    ("bytes=a-b", 200),
    ("bytes=+1-5", 200),
    ("bytes=0-4_0", 200),
    ("bytes=\u0661-5", 200),
    ("bytes 0-9", 200),
    ("lines=0-9", 200),
    ("bytes=" + "0-0," * 200, 200),
]


@pytest.mark.parametrize(("asked", "expected"), RANGES)
def test_a_range_is_that_part_of_the_file(client, whole, fill, asked, expected):
    (header,) = fill([("Range", asked)])
    answer = client.get(FILE, headers=[(header[0], header[1].encode("utf-8"))])
    size = len(whole.content)
    assert answer.headers["content-length"] == str(len(answer.content))
    if expected == 416:
        assert_error(answer, 416, "range_not_satisfiable", f"{size} bytes")
        assert answer.headers["content-range"] == f"bytes */{size}"
        return
    assert answer.headers["accept-ranges"] == "bytes"
    if expected == 200:
        assert (answer.status_code, answer.content) == (200, whole.content)
        assert "content-range" not in answer.headers
        return
    assert (answer.status_code, answer.headers["etag"]) == (206, whole.headers["etag"])
    parts = [slice(*part).indices(size)[:2] for part in expected]
    ranges = [f"bytes {first}-{end - 1}/{size}" for first, end in parts]
    if len(parts) == 1:
        assert answer.headers["content-range"] == ranges[0]
        assert answer.content == whole.content[slice(*parts[0])]
        return
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert (kind, "content-range" in answer.headers) == ("multipart/byteranges", False)
    _, *bodies, last = answer.content.split(f"--{boundary}".encode())
    assert last == b"--"
    for body, name, (first, end) in zip(bodies, ranges, parts, strict=True):
        head, _, content = body.partition(b"\r\n\r\n")
        assert f"Content-Range: {name}".encode() in head
        assert content == whole.content[first:end] + b"\r\n"


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ("{etag}", 206),
        ("{date}", 206),
        ("W/{etag}", 200),
        (OTHER, 200),
        (LONG_AGO, 200),
        (LATER, 200),
        ("nonsense", 200),
    ],
)
def test_a_download_goes_on_only_in_the_same_file(client, whole, fill, if_range, status):
    answer = client.get(FILE, headers=fill([("Range", "bytes=100-"), ("If-Range", if_range)]))
    assert (answer.status_code, answer.content) == (status, whole.content[100 if status == 206 else 0 :])
    beyond = client.get(FILE, headers=fill([("Range", "bytes={size}-"), ("If-Range", if_range)]))
    assert beyond.status_code == (416 if status == 206 else 200)
    assert client.get(FILE, headers=fill([("If-Range", if_range)])).status_code == 200


def test_ranges_count_for_get_alone(client, whole):
    head = client.head(FILE, headers={"Range": "bytes=0-3"})
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))
    decoded = client.post(f"{BASE}/y/decode", json={"vectors": [[0, 0, 0, 0]]}, headers={"Range": "bytes=0-3"})
    assert decoded.status_code == 200
