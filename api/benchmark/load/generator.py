"""The load generator: a program that reads a plan (JSON) and writes what came of it (JSON).

One thread and one selector over keep-alive connections, each with one request on its way: on a core of its own this
costs a fraction of what any of the servers costs that it measures, and it needs no library.
"""

import base64
import json
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from api.benchmark.http import Answer
from api.benchmark.load.samples import find_percentile

RECEIVE_BYTES = 2**18
PATIENCE = 120.0  # seconds for an answer


@dataclass(frozen=True)
class Group:
    """Connections that all send the same.

    Attributes:
        request: the bytes of it.
        connections: how many.
        rate: requests a second, as many as there are idle connections for; 0 sends as soon as the last is answered.
        check: whether each answer must be that to a request sent alone beforehand.
    """

    request: bytes
    connections: int = 1
    rate: float = 0.0
    check: bool = False


@dataclass
class Outcome:
    """What came of one group.

    Attributes:
        seconds: from the first request that counts to the last answer that does.
        answered: answers 200, and how many of them were checked and `wrong`.
        warm_up: answers before anything counted.
        statuses: how many of each other status.
        lost: requests without an answer.
        unsent: requests of a rate for which no connection was idle.
        p50, p99, greatest: seconds until an answer 200 was complete.
        body_bytes: of the answers 200.
        cpu_seconds: of the generator, for all groups together.
    """

    seconds: float = 0.0
    answered: int = 0
    warm_up: int = 0
    wrong: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    unsent: int = 0
    p50: float = 0.0
    p99: float = 0.0
    greatest: float = 0.0
    body_bytes: int = 0
    cpu_seconds: float = 0.0


class Load:
    """Groups of connections to one server, all at the same time."""

    def __init__(self, host: str, port: int, groups: list[Group]) -> None:
        """Connect."""
        self._selector = selectors.DefaultSelector()
        self._address = (host, port)
        self._streams = [_Stream(group) for group in groups]

    def run(self, seconds: float, warm_up: float = 0.0) -> list[Outcome]:
        """Return what came of each group within that many seconds, after `warm_up` seconds that do not count.

        Where nothing at all is answered by then, it goes on until there is something.
        """
        for stream in self._streams:
            if stream.group.check:
                stream.expected = self._ask_alone(stream.group.request)
        for stream in self._streams:
            stream.connections = [_Connection(stream, self._connect()) for _ in range(stream.group.connections)]
            stream.idle.extend(stream.connections)
            for connection in stream.connections:
                self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._go_on(time.perf_counter() + warm_up, lambda: True)
        cpu = time.process_time()
        start = time.perf_counter()
        for stream in self._streams:
            stream.restart(start)
        self._go_on(start + seconds, lambda: all(stream.has_news for stream in self._streams))
        cpu = time.process_time() - cpu
        for stream in self._streams:
            for connection in stream.connections:
                connection.socket.close()
        return [stream.summarise(cpu) for stream in self._streams]

    def _go_on(self, end: float, is_enough: Callable[[], bool]) -> None:
        latest = end + PATIENCE
        while (now := time.perf_counter()) < end or (not is_enough() and now < latest):
            for stream in self._streams:
                for connection in stream.find_due(now):
                    self._begin(connection)
            for key, events in self._selector.select(0.001):
                if events & selectors.EVENT_WRITE:
                    self._send(key.data)
                if events & selectors.EVENT_READ:
                    self._receive(key.data)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        return connection

    def _ask_alone(self, request: bytes) -> bytes:
        with socket.create_connection(self._address, PATIENCE) as connection:
            connection.sendall(request)
            answer = Answer(keep=True)
            while (data := connection.recv(RECEIVE_BYTES)) and not answer.take(data):
                pass
        if answer.status != 200 or not answer.body:
            raise ValueError(f"the request that shows the right answer was answered {answer.status}")
        return bytes(answer.body)

    def _begin(self, connection: "_Connection") -> None:
        stream = connection.stream
        connection.answer = Answer(keep=stream.group.check)
        connection.unsent = stream.unsent_request
        connection.start = time.perf_counter()
        self._send(connection)

    def _send(self, connection: "_Connection") -> None:
        try:
            sent = connection.socket.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lose(connection)
            return
        wanted = selectors.EVENT_READ
        connection.unsent = connection.unsent[sent:]
        if len(connection.unsent):
            wanted |= selectors.EVENT_WRITE
        if wanted != connection.wanted:
            connection.wanted = wanted
            self._selector.modify(connection.socket, wanted, connection)

    def _receive(self, connection: "_Connection") -> None:
        try:
            data = connection.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        answer = connection.answer
        if answer is None:
            self._renew(connection)  # closed while it was idle
        elif not data:
            self._lose(connection)
        elif answer.take(data):
            connection.stream.count(answer, connection.start)
            if answer.closes or len(connection.unsent):  # answered early: the rest would be taken for another request
                self._renew(connection)
            connection.answer = None
            if connection.stream.group.rate:
                connection.stream.idle.append(connection)
            else:
                self._begin(connection)

    def _lose(self, connection: "_Connection") -> None:
        """Count a request whose connection broke."""
        connection.stream.outcome.lost += 1
        self._renew(connection)
        connection.answer = None
        connection.stream.idle.append(connection)

    def _renew(self, connection: "_Connection") -> None:
        self._selector.unregister(connection.socket)
        connection.socket.close()
        connection.socket = self._connect()
        connection.unsent, connection.wanted = memoryview(b""), selectors.EVENT_READ
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)


class _Stream:
    """A group at work."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.unsent_request = memoryview(group.request)
        self.expected = b""
        self.connections: list[_Connection] = []
        self.idle: deque[_Connection] = deque()
        self.latencies: list[float] = []
        self.restart(time.perf_counter())

    def restart(self, now: float) -> None:
        """Count from now on."""
        self.outcome = Outcome(warm_up=len(self.latencies))
        self.latencies = []
        self.statuses: Counter[int] = Counter()
        self.start = self.last = now
        self.sent = 0

    @property
    def has_news(self) -> bool:
        return bool(self.latencies or self.statuses or self.outcome.lost)

    def find_due(self, now: float) -> list["_Connection"]:
        """Return the idle connections that should send now."""
        if not self.group.rate:
            due = len(self.idle)
        else:
            wanted = int((now - self.start) * self.group.rate) - self.sent - self.outcome.unsent
            due = min(wanted, len(self.idle))
            self.outcome.unsent += wanted - due
            self.sent += due
        return [self.idle.popleft() for _ in range(due)]

    def count(self, answer: Answer, start: float) -> None:
        self.last = time.perf_counter()
        if answer.status != 200:
            self.statuses[answer.status] += 1
            return
        self.latencies.append(self.last - start)
        self.outcome.body_bytes += answer.body_bytes
        if answer.body is not None and bytes(answer.body) != self.expected:
            self.outcome.wrong += 1

    def summarise(self, cpu_seconds: float) -> Outcome:
        outcome, latencies = self.outcome, sorted(self.latencies)
        outcome.answered, outcome.seconds, outcome.cpu_seconds = len(latencies), self.last - self.start, cpu_seconds
        outcome.statuses = {str(status): count for status, count in self.statuses.items()}
        if latencies:
            outcome.p50, outcome.p99 = find_percentile(latencies, 50), find_percentile(latencies, 99)
            outcome.greatest = latencies[-1]
        return outcome


@dataclass(eq=False)
class _Connection:
    stream: _Stream
    socket: socket.socket
    answer: Answer | None = None
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    start: float = 0.0
    wanted: int = selectors.EVENT_READ


def main() -> None:
    """Carry out the plan on stdin: the arguments of `Load` and `run`, with requests in base 64."""
    plan = json.load(sys.stdin)
    groups = [Group(**{**group, "request": base64.b64decode(group["request"])}) for group in plan["groups"]]
    outcomes = Load(plan["host"], plan["port"], groups).run(plan["seconds"], plan["warm_up"])
    json.dump([asdict(outcome) for outcome in outcomes], sys.stdout)


if __name__ == "__main__":
    main()
