"""HEAD has the status and the headers of GET, on every route."""

import httpx2
import pytest

from tests.support.servers import serve
from tests.support.service import BASE

PATHS = [
    "/",
    "/docs",
    "/openapi.json",
    "/static/main.js",
    "/health",
    "/health/live",
    "/health/ready",
    "/info",
    "/metrics",
    "/v1/datasets",
    BASE,
    f"{BASE}/croissant.json",
    f"{BASE}/files/data.npz",
    f"{BASE}/rows/0",
    f"{BASE}/scores",
    "/v1/scores/log",
    "/v2",
    "/v2/health/live",
    "/v2/models/fake-4.x.decoder",
    "/v2/models/fake-4.x.decoder/ready",
    f"{BASE}/challenge",  # 404: the release has none
    f"{BASE}/x/encode",  # 405
    "/v1/datasets/nope",  # 404
]
CHANGING = {"x-request-id", "date"}


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_head_has_the_status_and_the_headers_of_get(client, path, monkeypatch):
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    lengths = {"content-length"} if path == "/metrics" else set()  # the metrics count their own requests
    for name in whole.headers.keys() - CHANGING - lengths:
        if not (name == "allow" or (name == "content-length" and whole.status_code == 405)):
            assert head.headers[name] == whole.headers[name]


def test_the_metrics_count_head(client):
    client.head("/health")
    text = client.get("/metrics").text
    assert 'ld_data_requests_total{method="HEAD",route="/health",status="200"} 1.0' in text


def test_head_reads_no_file(client, monkeypatch):
    monkeypatch.setattr("starlette.responses.anyio.open_file", None)
    assert client.head(f"{BASE}/files/data.npz").status_code == 200


def test_a_server_sends_head_answers_on_a_connection_that_stays_open(client, caplog):
    with serve(client.app) as address, httpx2.Client(base_url=address) as visitor:
        for _ in range(2):
            answer = visitor.head("/health")
            assert answer.status_code == 200
            assert int(answer.headers["content-length"]) > 0
            assert "connection" not in answer.headers
    assert not caplog.records
