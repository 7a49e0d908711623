import numpy as np
import pytest

from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source
from tests.support.rules import SIZES


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(3000, 1000), FakeCodec(), "fake", seed=0)


@pytest.fixture
def batch():
    random = np.random.default_rng(1)
    return random.normal(size=(40, SIZES[0])), random.normal(size=(40, SIZES[-1]))
