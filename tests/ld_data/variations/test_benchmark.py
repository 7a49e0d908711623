from dataclasses import replace
from functools import partial

import pytest

from ld_data.errors import IntegrityError
from ld_data.variations import benchmark as variations_benchmark
from ld_data.variations.backgrounds import make_textures
from ld_data.variations.benchmark import Reading, describe_reading, measure_reading

ROWS = (7, 12)


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch):
    """Cut few distinct rows from one picture: all 20 take seconds."""
    monkeypatch.setattr(variations_benchmark, "make_textures", partial(make_textures, count=1))
    monkeypatch.setattr(variations_benchmark, "DISTINCT_ROWS", 5)


@pytest.fixture
def _in_this_process(monkeypatch):
    """Measure without a new process for each turn, which takes a second."""

    class Process:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def submit(self, function, *arguments):
            self.result = lambda: function(*arguments)
            return self

    monkeypatch.setattr(variations_benchmark, "ProcessPoolExecutor", Process)


@pytest.mark.slow
@pytest.mark.usefixtures("_in_this_process")
@pytest.mark.parametrize("notation", ["matlab", "short"])
def test_both_ways_read_the_same(notation):
    readings = measure_reading(2, notation, ROWS)
    assert list(readings) == ["lists", "ours", "floor"]
    assert readings["lists"].digest == readings["ours"].digest
    assert not readings["floor"].digest
    assert all(reading.seconds > 0 and reading.elapsed > 0 and reading.peak > 1e6 for reading in readings.values())


@pytest.mark.slow
@pytest.mark.usefixtures("_in_this_process")
def test_a_difference_is_an_error(monkeypatch):
    measure = variations_benchmark._measure
    monkeypatch.setattr(variations_benchmark, "_measure", lambda way, *rest: replace(measure(way, *rest), digest=way))
    with pytest.raises(IntegrityError, match="read different numbers"):
        measure_reading(1, rows=ROWS)


@pytest.mark.slow
def test_a_process_of_its_own_is_measured():
    assert measure_reading(1, rows=ROWS)["ours"].peak > 1e6


def test_the_table_has_time_memory_and_ratios():
    readings = {
        "lists": Reading("lists", 8.0, 9.0, 2_000_000_000, ""),
        "ours": Reading("ours", 0.4, 0.3, 250_000_000, ""),
    }
    table = describe_reading(readings)
    (line,) = [line.split() for line in table.splitlines() if line.startswith("ours  ")]
    assert line == ["ours", "0.40", "0.30", "8.2", "250", "1.29"]
    assert "1/20.0 of the processor's time, 1/30.0 of that on the clock" in table
    assert "the array has 194 MB" in table
