import sys

import pytest

from api.benchmark.turns import start_turns, take_turn
from ld_data.errors import StartError

SERVE = """
from api.benchmark.turns import serve_turns
calls = []
serve_turns({"append": lambda: calls.append(sum(range(1000))), "fail": lambda: 1 / 0}, {"flop": 7})
"""


def test_a_turn_calls_at_least_once_beside_the_call_that_does_not_count():
    calls = []
    sample = take_turn(lambda: calls.append(sum(range(100_000))), 0.0)
    assert len(calls) == 2
    assert sample.rate == pytest.approx(1 / sample.work)
    assert 0 < sample.p50 <= sample.p99


def test_functions_of_another_process_take_turns():
    with start_turns([sys.executable, "-c", SERVE], {}) as turns:
        assert turns.facts == {"flop": 7}
        for _ in range(2):
            assert turns.take("append", 0.01).rate > 0


def test_a_function_that_fails_is_an_error_with_its_last_words():
    with start_turns([sys.executable, "-c", SERVE], {}) as turns:
        with pytest.raises(StartError, match="ZeroDivisionError"):
            turns.take("fail", 0.01)
        with pytest.raises(StartError, match="ended with status 1"):
            turns.take("append", 0.01)


def test_a_program_that_does_not_start_is_an_error_with_its_last_words():
    with (
        pytest.raises(StartError, match=r"ended with status 1 \(no such library\)"),
        start_turns([sys.executable, "-c", "raise SystemExit('no such library')"], {}),
    ):
        pass
