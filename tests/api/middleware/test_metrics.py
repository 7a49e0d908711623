"""The metrics count requests, rows, refusals and calls of models, and no client can add labels."""

import asyncio

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.messages.request_record import find_record
from api.middleware.metrics import SECONDS, SIZES, Metrics
from api.middleware.request_log import RequestLog
from api.settings import Limits
from api.work.admission import Admission
from ld_data.storage.arrays import write_npy
from tests.support.service import BASE, NPY

DECODE = {"method": "POST", "route": "/v1/datasets/{release}/x/decode"}


def read(client):
    """The samples of the service, by name and labels."""
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def key(name, **labels):
    return (name, *sorted(labels.items()))


def decode(client, rows, query=""):
    return client.post(f"{BASE}/x/decode{query}", content=write_npy(np.zeros((rows, 4), np.float32)), headers=NPY)


def test_requests_rows_and_latencies_are_counted_by_route(client):
    for rows in (1, 3, 100):
        assert decode(client, rows).status_code == 200
    samples = read(client)
    assert samples[key("ld_data_requests_total", **DECODE, status="200")] == 3
    assert samples[key("ld_data_rows_total", **DECODE)] == 104
    assert samples[key("ld_data_request_seconds_count", **DECODE)] == 3
    assert samples[key("ld_data_request_seconds_bucket", **DECODE, le="+Inf")] == 3
    assert 0 < samples[key("ld_data_request_seconds_sum", **DECODE)] < 3 * SECONDS[-1]


def test_the_short_and_the_long_way_count_alike(client):
    client.post(f"{BASE}/y/encode", json={"labels": [1]})
    client.post(f"{BASE}/y/encode?seed=1", json={"labels": [1, 2]})
    encode = {"method": "POST", "route": "/v1/datasets/{release}/y/encode"}
    samples = read(client)
    assert samples[key("ld_data_requests_total", **encode, status="200")] == 2
    assert samples[key("ld_data_rows_total", **encode)] == 3


def test_the_label_of_a_route_is_its_whole_template(client):
    for path in ("", "/versions/1.0.0"):
        client.post(f"/v2/models/fake-4.x.decoder{path}/infer?a=1", json={})
    samples = read(client)
    for route in ("/v2/models/{model}/infer", "/v2/models/{model}/versions/{version}/infer"):
        assert samples[key("ld_data_requests_total", method="POST", route=route, status="422")] == 1


@pytest.mark.slow
def test_generated_rows_are_counted(client):
    client.post("/v1/sources/mnist1d/generate", json={"num_samples": 50})
    assert read(client)[key("ld_data_rows_total", method="POST", route="/v1/sources/mnist1d/generate")] == 50


def test_calls_of_models_are_counted(client):
    decode(client, 3)
    decode(client, 150)
    samples = read(client)
    assert samples["ld_data_model_call_rows_count",] == 3  # 3, 128 and 22 rows
    assert samples["ld_data_model_call_rows_sum",] == 153
    assert samples[key("ld_data_model_call_rows_bucket", le="4.0")] == 1
    assert samples["ld_data_model_call_requests_sum",] == 3


def test_refusals_are_counted_by_their_reason(client):
    decode(client, 201)
    decode(client, 1, "?colour=red")
    client.post(f"{BASE}/x/decode", content=b"0" * 20_001)
    client.get("/nowhere")
    samples = read(client)
    assert samples[key("ld_data_refusals_total", status="413", reason="too_large")] == 2
    assert samples[key("ld_data_refusals_total", status="422", reason="invalid_input")] == 1
    assert samples[key("ld_data_refusals_total", status="404", reason="unknown_name")] == 1
    assert samples[key("ld_data_requests_total", **DECODE, status="413")] == 1


@pytest.mark.slow
def test_invented_names_share_one_label(client):
    sizes = []
    for number in range(6):
        client.post(f"/v1/datasets/made-up-{number}/x/decode", json={})
        client.post(f"/v1/datasets/fake-4/made/up{number}", json={})
        client.get(f"/made/up/{number}")
        client.request(f"BREW{number}", "/info")
        sizes.append(len(read(client)))
    assert len(set(sizes[2:])) == 1  # by then, all labels exist
    samples = read(client)
    assert not [sample for sample in samples if "made" in str(sample) or "BREW" in str(sample)]
    assert samples[key("ld_data_requests_total", method="GET", route="other", status="404")] == 6
    assert samples[key("ld_data_requests_total", method="other", route="/info", status="405")] == 6


def test_requests_in_progress_are_reported(client):
    client.app.state.worker.admission.requests.used = 3
    client.app.state.worker.admission.bytes.used = 5
    samples = read(client)
    assert (samples["ld_data_requests_in_progress",], samples["ld_data_held_bytes",]) == (3, 5)
    assert samples["ld_data_waiting_rows",] == 0


def test_an_error_that_escapes_counts_as_500():
    metrics = Metrics(Admission(Limits()))

    async def fail(scope, receive, send):
        raise ZeroDivisionError

    scope = {"type": "http", "method": "GET", "headers": []}
    with pytest.raises(ZeroDivisionError):
        asyncio.run(RequestLog(fail, metrics)(scope, None, None))
    metrics.update()
    assert b'ld_data_requests_total{method="GET",route="other",status="500"} 1.0' in metrics.write()


def test_writing_twice_counts_once():
    metrics = Metrics(Admission(Limits()))
    metrics.count_call(2, 512)
    scope = {"method": "GET"}
    find_record(scope).rows = 7
    metrics.count_request(scope, 200, 0.001)
    for _ in range(2):
        metrics.update()
        metrics.write()
    text = metrics.write().decode()
    assert 'ld_data_rows_total{method="GET",route="other"} 7.0' in text
    assert 'ld_data_request_seconds_bucket{le="0.001",method="GET",route="other"} 1.0' in text
    assert 'ld_data_request_seconds_bucket{le="0.0005",method="GET",route="other"} 0.0' in text
    assert f'ld_data_model_call_rows_bucket{{le="{SIZES[-1]}"}} 0.0' in text  # a call of more rows than a batch has
    assert 'ld_data_model_call_rows_bucket{le="+Inf"} 1.0' in text
