"""Every answer to a request that is generated from the OpenAPI document is one that the document describes."""

import shutil
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import make_app
from api.releases.catalogue import Catalogue
from api.settings import Limits
from eval.leaderboard.store import Store
from tests.support.fakes import FakeCodec

pytestmark = [pytest.mark.slow, pytest.mark.untraced]

NAMES = {"release": "fake-4", "file": "train_x.npy"}
SAMPLES = settings(
    max_examples=6,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# Shapes, ranges and what fits together are beyond a JSON schema: such requests are valid by it, and refused.
REFUSED_ALL_THE_SAME = [positive_data_acceptance]


@pytest.fixture(scope="module")
def operations(built_release, empty_store, tmp_path_factory):
    """All operations of the service, as its OpenAPI document describes them."""
    store = Store(shutil.copy(empty_store, tmp_path_factory.mktemp("store")))
    with Catalogue() as catalogue:
        catalogue.add_all(built_release.parent, lambda folder: FakeCodec())
        schema = schemathesis.openapi.from_asgi("/openapi.json", make_app(catalogue, store, Limits(max_body_seconds=1)))
        yield [operation.ok() for operation in schema.get_all_operations()]


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


def test_requests_that_fit_the_interface_get_answers_that_do(operations):
    found = {operation.label: try_requests(operation, GenerationMode.POSITIVE) for operation in operations}
    assert all(found.values())
    assert {200, 404, 422} <= set(sum(found.values(), Counter()))


def test_requests_that_do_not_fit_are_refused_as_the_interface_says(operations):
    posts = [operation for operation in operations if operation.method == "post"]
    for operation in posts:
        statuses = try_requests(operation, GenerationMode.NEGATIVE)
        assert any(400 <= status < 500 for status in statuses), operation.label
