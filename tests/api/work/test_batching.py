import asyncio

import numpy as np
import pytest

from api.work.batching import CHUNK_ROWS, GATHERED_ROWS, SMALL_ROWS, Gatherer


class Doubling:
    """A model that keeps count of its calls."""

    def __init__(self):
        self.calls = []

    def __call__(self, values, extra=None):
        self.calls.append(len(values))
        return 2 * values if extra is None else 2 * values + extra


def rows(count, start=0):
    return np.arange(start, start + count, dtype=np.float32)[:, None]


def gather(*counts, function):
    async def ask():
        gatherer = Gatherer()
        return await asyncio.gather(*(gatherer.run(function, rows(count, 100 * i)) for i, count in enumerate(counts)))

    return asyncio.run(ask())


def test_what_comes_together_is_computed_in_one_call_and_everybody_gets_his_own_rows():
    model = Doubling()
    answers = gather(1, 3, 2, function=model)
    assert model.calls == [6]
    for i, (count, answer) in enumerate(zip((1, 3, 2), answers, strict=True)):
        assert np.array_equal(answer, 2 * rows(count, 100 * i))


def test_one_call_holds_a_limited_number_of_rows():
    model = Doubling()
    gather(*[SMALL_ROWS] * 9, function=model)
    assert sum(model.calls) == 9 * SMALL_ROWS
    assert max(model.calls) == GATHERED_ROWS


def test_between_two_calls_the_event_loop_sees_to_others():
    model = Doubling()

    async def ask():
        gatherer, loop = Gatherer(), asyncio.get_running_loop()
        asks = asyncio.gather(*(gatherer.run(model, rows(SMALL_ROWS)) for _ in range(4 * GATHERED_ROWS // SMALL_ROWS)))
        while not model.calls:
            await asyncio.sleep(0)
        loop.call_soon(model.calls.append, "others")
        await asks

    asyncio.run(ask())
    assert sorted(map(str, model.calls)) == [*[str(GATHERED_ROWS)] * 4, "others"]
    assert model.calls[-1] != "others"


def test_functions_of_several_arrays_get_them_all():
    async def ask():
        gatherer, model = Gatherer(), Doubling()
        return await asyncio.gather(*(gatherer.run(model, rows(2), rows(2, i)) for i in range(2)))

    for i, answer in enumerate(asyncio.run(ask())):
        assert np.array_equal(answer, 2 * rows(2) + rows(2, i))


def test_a_large_request_comes_in_parts_between_which_small_ones_are_served():
    model, order = Doubling(), []

    async def ask():
        gatherer = Gatherer()

        async def pull():
            async for part in gatherer.stream(model, rows(3 * CHUNK_ROWS + 1)):
                order.append(len(part))

        async def hurry():
            await asyncio.sleep(0)
            await gatherer.run(model, rows(1))
            order.append("small")

        await asyncio.gather(pull(), hurry())

    asyncio.run(ask())
    assert order.index("small") <= 1  # behind one part at most
    assert [size for size in order if size != "small"] == [CHUNK_ROWS] * 3 + [1]


def test_an_answer_to_a_small_one_goes_out_before_the_next_part_is_computed():
    model, calls = Doubling(), []

    async def ask():
        gatherer = Gatherer()

        async def hurry():
            for _ in range(3):
                await gatherer.run(model, rows(1))
                calls.append(list(model.calls))

        await asyncio.gather(gatherer.run(model, rows(9 * CHUNK_ROWS)), hurry())

    asyncio.run(ask())
    assert [seen[-1] for seen in calls] == [1, 1, 1]
    assert [seen.count(CHUNK_ROWS) for seen in calls] == [0, 1, 2]  # and neither has to wait for all of the others


def test_large_requests_take_turns():
    order = []

    async def ask():
        gatherer = Gatherer()

        async def pull(name):
            async for _ in gatherer.stream(Doubling(), rows(3 * CHUNK_ROWS)):
                order.append(name)

        await asyncio.gather(pull("a"), pull("b"))

    asyncio.run(ask())
    assert order == ["a", "b"] * 3


def test_a_large_request_in_one_piece_is_put_together():
    assert np.array_equal(gather(1000, function=Doubling())[0], 2 * rows(1000))


def test_work_stops_when_nobody_waits_for_it():
    model = Doubling()

    async def leave():
        gatherer = Gatherer()
        task = asyncio.create_task(gatherer.run(model, rows(20 * CHUNK_ROWS)))
        other = asyncio.create_task(gatherer.run(model, rows(3)))
        while len(model.calls) < 3:
            await asyncio.sleep(0)
        task.cancel()
        await other
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)

    asyncio.run(leave())
    assert len(model.calls) <= 4


def test_an_error_reaches_all_who_asked_and_nobody_else():
    def fail(values):
        raise ValueError("no")

    async def ask():
        gatherer = Gatherer()
        asked = (gatherer.run(function, rows(2)) for function in (fail, fail, Doubling()))
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, good = asyncio.run(ask())
    assert isinstance(first, ValueError)
    assert isinstance(second, ValueError)
    assert np.array_equal(good, 2 * rows(2))
