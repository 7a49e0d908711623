"""A bucket for the tests of shards."""

import itertools

import pytest

from ld_data.shards.folders import bucket as buckets
from tests.support.buckets import CREDENTIALS, NAME, open_bucket

numbers = itertools.count()


@pytest.fixture(scope="session")
def moto():
    """A server of buckets for all tests of this process."""
    with open_bucket() as bucket:
        yield bucket


@pytest.fixture
def bucket(moto, monkeypatch):
    """The bucket, which refuses nothing."""
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": moto.endpoint}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(moto, "refuse", lambda method, path: None)
    buckets._open_store.cache_clear()
    return moto


@pytest.fixture
def url(bucket):
    """The URL of an empty folder in the bucket."""
    return f"s3://{NAME}/{next(numbers)}/big"
