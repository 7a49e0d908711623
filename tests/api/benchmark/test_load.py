import sys

import pytest

from api.benchmark.generator import Group, Sample
from api.benchmark.http import Request
from api.benchmark.load import make_generator, measure_growth, summarise, take_sample
from api.benchmark.processes import start
from api.errors import StartError

SERVER = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory"]


def test_turns_come_to_their_medians_and_all_their_failures():
    turns = [Sample(10.0, 1.0, 5.0, 1, 1), Sample(30.0, 3.0, 4.0, 0, 0, 7), Sample(20.0, 9.0, 6.0, 2, 2, 5, 0.3)]
    assert summarise(turns) == Sample(20.0, 3.0, 5.0, 1, 3, 5, 0.0)


@pytest.mark.slow
def test_a_generator_of_its_own_measures_a_server(tmp_path):
    request = Request("/")
    with start(lambda port: [*SERVER, str(tmp_path), str(port)], request) as running, make_generator() as generator:
        sample = take_sample(generator, running, [Group(request, 2)], 0.2)
        assert sample.failures == 0
        assert sample.rate > 0
        assert sample.work > 0 or sys.platform != "linux"
        assert measure_growth(generator, running, [Group(request, 2)], 0.2) < 50
        running.process.kill()
        running.process.wait()
        with pytest.raises(StartError, match="the load generator failed"):
            take_sample(generator, running, [Group(request)], 0.1)
