"""One call of a model for what several requests ask of it, small requests first.

Nothing waits for company: what has queued up by the time the model is free is computed together. A model runs on the
event loop, a chunk of rows at a time, so that nothing is handed from thread to thread.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import numpy as np

Function = Callable[..., np.ndarray]
Watch = Callable[[int, int], None]  # is told of each call how many asks it is for, and how many rows it has

SMALL_ROWS = 64  # of a request that goes before larger ones
CHUNK_ROWS = 128  # of those, between which small ones are served
GATHERED_ROWS = 256  # of one call, at most


@dataclass(frozen=True)
class _Ask:
    function: Function
    arrays: tuple[np.ndarray, ...]
    answer: asyncio.Future[np.ndarray]


class Gatherer:
    """Runs functions of rows for many at once; a row's result must not depend on the other rows."""

    def __init__(self, watch: Watch | None = None) -> None:
        """Start with nothing to do."""
        self._watch = watch
        self._small: dict[Function, deque[_Ask]] = {}
        self._large: deque[_Ask] = deque()
        self._is_scheduled = self._is_large_next = False

    async def run(self, function: Function, *arrays: np.ndarray) -> np.ndarray:
        """Return `function(*arrays)`, rows `(n, ...)` for arrays of n rows each; raises what it raises.

        Calls of one function are joined if they come while the model is busy.
        """
        if len(arrays[0]) <= SMALL_ROWS:
            return await self._ask(self._small.setdefault(function, deque()), function, arrays)
        return np.concatenate([part async for part in self.stream(function, *arrays)])

    async def stream(self, function: Function, *arrays: np.ndarray) -> AsyncIterator[np.ndarray]:
        """Yield the rows of `function(*arrays)` part by part; each part is computed when the one before was taken."""
        for start in range(0, len(arrays[0]), CHUNK_ROWS):
            part = tuple(array[start : start + CHUNK_ROWS] for array in arrays)
            yield await self._ask(self._large, function, part)

    async def _ask(self, queue: deque[_Ask], function: Function, arrays: tuple[np.ndarray, ...]) -> np.ndarray:
        ask = _Ask(function, arrays, asyncio.get_running_loop().create_future())
        queue.append(ask)
        self._schedule()
        return await ask.answer

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        """Make one call for the small requests of each function, or one for a part of a large one, by turns.

        What is left waits until the event loop has sent these answers and looked for new requests, so that small ones
        wait for one part at most, and too many are refused at once.
        """
        self._is_scheduled = False
        small = [asks for asks in self._small.values() if asks]
        if small and not (self._large and self._is_large_next):
            for asks in small:
                self._compute(_take(asks))
            self._is_large_next = True
        else:
            self._compute([self._large.popleft()])
            self._is_large_next = False
        if self._large or any(self._small.values()):
            self._schedule()

    def _compute(self, asks: list[_Ask]) -> None:
        asks = [ask for ask in asks if not ask.answer.cancelled()]  # whose client has not left
        if asks:
            rows = _compute(asks)
            if self._watch:
                self._watch(len(asks), rows)


def _take(asks: deque[_Ask]) -> list[_Ask]:
    """Return the first asks of a queue, as many as fit into one call, without them in the queue."""
    taken: list[_Ask] = []
    rows = 0
    while asks and (not taken or rows + len(asks[0].arrays[0]) <= GATHERED_ROWS):
        rows += len(asks[0].arrays[0])
        taken.append(asks.popleft())
    return taken


def _compute(asks: list[_Ask]) -> int:
    """Give each ask its answer, from one call of their function, and return how many rows that had."""
    arrays = asks[0].arrays
    if len(asks) > 1:
        arrays = tuple(np.concatenate(parts) for parts in zip(*(ask.arrays for ask in asks), strict=True))
    try:
        rows = asks[0].function(*arrays)
    except Exception as error:
        for ask in asks:
            ask.answer.set_exception(error)
        return len(arrays[0])
    start = 0
    for ask in asks:
        stop = start + len(ask.arrays[0])
        ask.answer.set_result(rows[start:stop])
        start = stop
    return start
