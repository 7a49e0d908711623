"""The OpenAPI document describes the routes, and every answer to a generated request is one that it describes."""

from collections import Counter
from dataclasses import asdict

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import make_app
from api.settings import Limits
from tests.support.service import LIMITS

NAMES = {"release": "fake-4", "file": "train_x.npy"}
SAMPLES = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# Shapes, ranges and what fits together are beyond a JSON schema: such requests are valid by it, and refused.
REFUSED_ALL_THE_SAME = [positive_data_acceptance]


@pytest.fixture
def documented(client):
    """The operations of the OpenAPI document, by method and path."""
    paths = client.get("/openapi.json").json()["paths"]
    return {
        (method.upper(), path): operation for path, methods in paths.items() for method, operation in methods.items()
    }


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


def test_limits_are_documented(client):
    description = client.get("/openapi.json").json()["info"]["description"]
    for limit in asdict(LIMITS).values():
        assert f"{limit:g}" in description or str(limit) in description


def test_errors_are_documented_in_their_one_shape(documented):
    for operation in documented.values():
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorBody"}


def test_scores_are_typed(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["ScoreEntry"]["properties"]["noise_free_mse"]["type"] == "number"


def test_operations_have_summaries_and_unique_names(documented):
    assert all(operation["summary"] for operation in documented.values())
    names = [operation["operationId"] for operation in documented.values()]
    assert len(names) == len(set(names))


@pytest.fixture
def operations(catalogue, store):
    """All operations of the service, as its OpenAPI document describes them."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", make_app(catalogue, store, Limits(max_body_seconds=1)))
    return [operation.ok() for operation in schema.get_all_operations()]


def try_requests(operation, mode):
    """Send requests of an operation, most of them to what exists, and return how often each status came."""
    statuses = Counter()

    @SAMPLES
    @given(operation.as_strategy(generation_mode=mode), st.integers(0, 9))
    def send(case, chance):
        if chance:
            case.path_parameters.update({name: value for name, value in NAMES.items() if name in case.path_parameters})
        statuses[case.call_and_validate(excluded_checks=REFUSED_ALL_THE_SAME).status_code] += 1

    send()
    return statuses


@pytest.mark.slow
def test_requests_that_fit_the_interface_get_answers_that_do(operations):
    found = {operation.label: try_requests(operation, GenerationMode.POSITIVE) for operation in operations}
    assert all(found.values())
    assert {200, 404, 422} <= set(sum(found.values(), Counter()))


@pytest.mark.slow
def test_requests_that_do_not_fit_are_refused_as_the_interface_says(operations):
    posts = [operation for operation in operations if operation.method == "post"]
    for operation in posts:
        statuses = try_requests(operation, GenerationMode.NEGATIVE)
        assert any(400 <= status < 500 for status in statuses), operation.label
