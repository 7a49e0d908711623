import pytest

import ld_data
from eval.ladder import keep_rows, make_ladder


@pytest.fixture(scope="module")
def data():
    """A part of the release: its x is as normal as the tasks suppose."""
    return keep_rows(ld_data.load("ld-mnist-32"), 5000)


@pytest.fixture(scope="module")
def tasks(data):
    return {task.name: task for task in make_ladder(data)}
