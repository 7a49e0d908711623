"""The OpenAPI document describes the routes, their limits and their errors."""

import shutil
from dataclasses import asdict

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.releases.catalogue import Catalogue
from eval.leaderboard.store import Store
from tests.support.service import LIMITS


@pytest.fixture(scope="module")
def document(empty_store, tmp_path_factory):
    """The OpenAPI document: to make it takes longer than all tests of it."""
    store = Store(shutil.copy(empty_store, tmp_path_factory.mktemp("store")))
    with Catalogue() as catalogue:
        return TestClient(make_app(catalogue, store, LIMITS)).get("/openapi.json").json()


@pytest.fixture(scope="module")
def documented(document):
    """The operations of the document, by method and path."""
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
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
def test_limits_are_documented(document):
    description = document["info"]["description"]
    for limit in asdict(LIMITS).values():
        assert f"{limit:g}" in description or str(limit) in description


@pytest.mark.slow
def test_errors_are_documented_in_their_one_shape(documented):
    for operation in documented.values():
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorBody"}


@pytest.mark.slow
def test_scores_are_typed(document):
    assert document["components"]["schemas"]["ScoreEntry"]["properties"]["noise_free_mse"]["type"] == "number"


@pytest.mark.slow
def test_operations_have_summaries_and_unique_names(documented):
    assert all(operation["summary"] for operation in documented.values())
    names = [operation["operationId"] for operation in documented.values()]
    assert len(names) == len(set(names))
