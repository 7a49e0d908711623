"""The OpenAPI document describes the routes, their limits and their errors."""

from dataclasses import asdict

import pytest

from tests.support.service import LIMITS


@pytest.fixture
def documented(client):
    """The operations of the OpenAPI document, by method and path."""
    paths = client.get("/openapi.json").json()["paths"]
    return {
        (method.upper(), path): operation for path, methods in paths.items() for method, operation in methods.items()
    }


@pytest.mark.slow
def test_every_error_status_is_documented(documented):
    post = {("POST", f"/v1/datasets/{{release}}/{route}") for route in ("x/encode", "x/decode", "y/encode", "y/decode")}
    generate = documented["POST", "/v1/sources/mnist1d/generate"]
    assert {"408", "413", "415", "422", "429"} <= set(generate["responses"])
    assert generate["requestBody"]["required"]
    for operation in post | {("POST", "/v1/datasets/{release}/scores")}:
        assert {"408", "404", "413", "415", "422", "429", "503"} <= set(documented[operation]["responses"])
        assert set(documented[operation]["requestBody"]["content"]) == {"application/json", "application/x-npy"}
    download = documented["GET", "/v1/datasets/{release}/files/{file}"]["responses"]
    assert {"200", "206", "304", "404", "416", "503"} <= set(download)


@pytest.mark.slow
def test_limits_are_documented(client):
    description = client.get("/openapi.json").json()["info"]["description"]
    for limit in asdict(LIMITS).values():
        assert f"{limit:g}" in description or str(limit) in description


@pytest.mark.slow
def test_errors_are_documented_in_their_one_shape(documented):
    for operation in documented.values():
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorBody"}


@pytest.mark.slow
def test_scores_are_typed(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["ScoreEntry"]["properties"]["noise_free_mse"]["type"] == "number"


@pytest.mark.slow
def test_operations_have_summaries_and_unique_names(documented):
    assert all(operation["summary"] for operation in documented.values())
    names = [operation["operationId"] for operation in documented.values()]
    assert len(names) == len(set(names))
