import builtins

import pytest

from ld_data.errors import MissingLibraryError
from ld_data.mnist1d import benchmark as mnist1d_benchmark
from ld_data.mnist1d.benchmark import Timing, describe_speed, measure_speed


@pytest.fixture
def small(monkeypatch):
    """Turns of a moment."""
    for name, value in (("PACKAGE_ROWS", 10), ("CANONICAL_ROWS", 10), ("FAST_BLOCKS", 1)):
        monkeypatch.setattr(mnist1d_benchmark, name, value)


@pytest.mark.slow
def test_every_way_is_timed(small):
    timings = measure_speed(2)
    assert list(timings) == ["package", "canonical", "fast", "normals"]
    assert all(timing.nanoseconds > 0 and timing.spread >= 1 for timing in timings.values())


def test_the_table_has_both_ratios():
    times = {"package": 200_000, "canonical": 20_000, "fast": 500, "normals": 400}
    table = describe_speed({way: Timing(way, 1, float(time), 1.0) for way, time in times.items()})
    (line,) = [line.split() for line in table.splitlines() if line.startswith("fast")]
    assert line == ["fast", "500", "2,000,000", "400.0", "1.25", "1.00"]


def test_without_the_package_the_error_says_how_to_install_it(small, monkeypatch):
    real_import = builtins.__import__

    def refuse(name, *arguments):
        if name.startswith("mnist1d"):
            raise ModuleNotFoundError("no module named mnist1d", name=name)
        return real_import(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingLibraryError, match="pip install mnist1d"):
        measure_speed(1)
