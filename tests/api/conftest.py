"""A client of a small service, for all tests of routes."""

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from tests.support.service import LIMITS


@pytest.fixture
def client(catalogue, store):
    """A client of a service with the small release and small limits."""
    return TestClient(make_app(catalogue, store, LIMITS), raise_server_exceptions=False)
