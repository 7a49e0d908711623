import asyncio
import time

import numpy as np
import pytest

from api.work.batching import BATCH_ROWS, CHUNK_ROWS, SMALL_ROWS, Batcher


class Doubling:
    """A model that records the rows of its calls."""

    def __init__(self):
        self.calls = []

    def __call__(self, values, extra=None):
        self.calls.append(len(values))
        return 2 * values if extra is None else 2 * values + extra


def rows(count, start=0):
    return np.arange(start, start + count, dtype=np.float32)[:, None]


def gather(*counts, function):
    async def ask():
        batcher = Batcher()
        return await asyncio.gather(*(batcher.run(function, rows(count, 100 * i)) for i, count in enumerate(counts)))

    return asyncio.run(ask())


def test_requests_at_the_same_time_share_one_call_and_get_their_own_rows():
    model = Doubling()
    answers = gather(1, 3, 2, function=model)
    assert model.calls == [6]
    for i, (count, answer) in enumerate(zip((1, 3, 2), answers, strict=True)):
        assert np.array_equal(answer, 2 * rows(count, 100 * i))


def test_one_call_holds_a_limited_number_of_rows():
    model = Doubling()
    gather(*[SMALL_ROWS] * 9, function=model)
    assert sum(model.calls) == 9 * SMALL_ROWS
    assert max(model.calls) == BATCH_ROWS


def test_the_event_loop_runs_between_two_calls():
    model = Doubling()

    async def ask():
        batcher, loop = Batcher(), asyncio.get_running_loop()
        asks = asyncio.gather(*(batcher.run(model, rows(SMALL_ROWS)) for _ in range(4 * BATCH_ROWS // SMALL_ROWS)))
        while not model.calls:
            await asyncio.sleep(0)
        loop.call_soon(model.calls.append, "others")
        await asks

    asyncio.run(ask())
    assert sorted(map(str, model.calls)) == [*[str(BATCH_ROWS)] * 4, "others"]
    assert model.calls[-1] != "others"


def test_functions_of_several_arrays_get_all_of_them():
    async def ask():
        batcher, model = Batcher(), Doubling()
        return await asyncio.gather(*(batcher.run(model, rows(2), rows(2, i)) for i in range(2)))

    for i, answer in enumerate(asyncio.run(ask())):
        assert np.array_equal(answer, 2 * rows(2) + rows(2, i))


def test_small_requests_are_served_between_the_parts_of_a_large_one():
    model, order = Doubling(), []

    async def ask():
        batcher = Batcher()

        async def pull():
            async for part in batcher.stream(model, rows(3 * CHUNK_ROWS + 1)):
                order.append(len(part))

        async def hurry():
            await asyncio.sleep(0)
            await batcher.run(model, rows(1))
            order.append("small")

        await asyncio.gather(pull(), hurry())

    asyncio.run(ask())
    assert order.index("small") <= 1  # behind one part at most
    assert [size for size in order if size != "small"] == [CHUNK_ROWS] * 3 + [1]


def test_the_answer_to_a_small_request_is_sent_before_the_next_part_is_computed():
    model, calls = Doubling(), []

    async def ask():
        batcher = Batcher()

        async def hurry():
            for _ in range(3):
                await batcher.run(model, rows(1))
                calls.append(list(model.calls))

        await asyncio.gather(batcher.run(model, rows(9 * CHUNK_ROWS)), hurry())

    asyncio.run(ask())
    assert [seen[-1] for seen in calls] == [1, 1, 1]
    assert [seen.count(CHUNK_ROWS) for seen in calls] == [0, 1, 2]  # no request waits for all of the others


def test_large_requests_take_turns():
    order = []

    async def ask():
        batcher = Batcher()

        async def pull(name):
            async for _ in batcher.stream(Doubling(), rows(3 * CHUNK_ROWS)):
                order.append(name)

        await asyncio.gather(pull("a"), pull("b"))

    asyncio.run(ask())
    assert order == ["a", "b"] * 3


def test_the_parts_of_a_large_request_are_joined():
    assert np.array_equal(gather(1000, function=Doubling())[0], 2 * rows(1000))


def test_work_stops_when_no_client_waits_for_it():
    model = Doubling()

    async def leave():
        batcher = Batcher()
        task = asyncio.create_task(batcher.run(model, rows(20 * CHUNK_ROWS)))
        other = asyncio.create_task(batcher.run(model, rows(3)))
        while len(model.calls) < 3:
            await asyncio.sleep(0)
        task.cancel()
        await other
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)

    asyncio.run(leave())
    assert len(model.calls) <= 4


def test_an_error_reaches_all_requests_of_its_call_and_no_other():
    def fail(values):
        raise ValueError("no")

    async def ask():
        batcher = Batcher()
        asked = (batcher.run(function, rows(2)) for function in (fail, fail, Doubling()))
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, good = asyncio.run(ask())
    assert isinstance(first, ValueError)
    assert isinstance(second, ValueError)
    assert np.array_equal(good, 2 * rows(2))


def test_the_watcher_learns_the_seconds_from_the_first_request_or_the_call_before():
    calls = []

    def sleep(values):
        time.sleep(0.002)
        return values

    async def ask():
        batcher = Batcher(lambda *call: calls.append(call))
        await asyncio.gather(*(batcher.run(sleep, rows(SMALL_ROWS)) for _ in range(2 * BATCH_ROWS // SMALL_ROWS)))
        await asyncio.sleep(0.1)  # idle
        await batcher.run(sleep, rows(1))

    asyncio.run(ask())
    assert [call[:2] for call in calls] == [(BATCH_ROWS // SMALL_ROWS, BATCH_ROWS)] * 2 + [(1, 1)]
    assert all(0.002 <= seconds < 0.1 for _, _, seconds in calls)
