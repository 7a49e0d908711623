import shutil
import sys

import pytest

from api.benchmark.soak import CUT, REPLACED, Soak, describe_soak, find_surprises, measure_growth, soak
from api.benchmark.visitors import OK, REFUSED
from tests.support.paths import CHECKPOINTS


@pytest.mark.parametrize(
    ("memory", "growth"), [([], 0), ([1, 2, 3], 0), ([500, 100, 100, 100], 0), ([100, 110, 120, 150], 40)]
)
def test_growth_is_measured_from_the_second_quarter_on(memory, growth):
    assert measure_growth(memory) == growth


def make_soak(**changes):
    return Soak(1.0, {"a": {OK: 9, REFUSED: 1, CUT: 1}}, [100.0] * 8, 5, **changes)


def test_a_soak_without_surprises_has_none():
    assert find_surprises(make_soak()) == []
    assert find_surprises(make_soak(kill=REPLACED)) == []
    assert "no surprise" in describe_soak(make_soak())


@pytest.mark.parametrize(
    ("soak", "words"),
    [
        (Soak(1.0, {"a": {OK: 1, "answered 500": 2}}), "a: answered 500, 2 times"),
        (Soak(1.0, {"a": {REFUSED: 1}}), "a: was never served"),
        (make_soak(missing=1), "1 of 5 accepted scores"),
        (make_soak(kill="the killed process was not replaced"), "was not replaced"),
        (Soak(1.0, {"a": {OK: 1}}, [100, 100, 100, 133]), "memory grew by 33 MB"),
    ],
)
def test_surprises_are_reported(soak, words):
    (surprise,) = find_surprises(soak)
    assert words in surprise


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_moment_of_soak_passes(tmp_path):
    folder = shutil.copytree(CHECKPOINTS / "ld-mnist1d-32", tmp_path / "checkpoints" / "ld-mnist1d-32")
    result = soak(folder, minutes=0.01, workers=1)
    assert result.surprises == []
    assert result.scores == 1
    assert result.memory
