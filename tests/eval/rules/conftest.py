import pytest

from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(3000, 1000), FakeCodec(), "fake", seed=0)
