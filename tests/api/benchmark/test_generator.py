"""The load generator, against servers that answer as a script says."""

import socket
import socketserver
import threading
from contextlib import contextmanager

import pytest

from api.benchmark.generator import Group, run_load
from api.benchmark.processes import Request
from api.errors import StartError

REQUEST = Request("/x", b"abc", "text/plain")


def answer(status=200, body=b"right"):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A generator that has seen enough closes its connections, whatever is on the way."""


@contextmanager
def serve(handler):
    """Yield the port of a server that handles connections so."""
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@contextmanager
def serve_script(script):
    """Yield the port of a server that answers its n-th request with `script(n)`, and closes where that is None."""
    lock, served = threading.Lock(), [0]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            received = b""
            while data := self.request.recv(2**16):
                received += data
                if not received.endswith(REQUEST.raw):
                    continue
                received = b""
                with lock:
                    number = served[0]
                    served[0] += 1
                if (said := script(number)) is None:
                    return
                self.request.sendall(said)

    with serve(Handler) as port:
        yield port


def load(port, *groups, seconds=0.05):
    return run_load(port, groups, seconds)


def test_each_connection_sends_again_once_it_is_answered():
    with serve_script(lambda number: answer()) as port:
        sample = load(port, Group(REQUEST, connections=3), seconds=0.1)
    assert sample.requests > 3
    assert (sample.refused, sample.failures) == (0, 0)
    assert sample.rate > 0
    assert 0 < sample.p50 <= sample.p99


@pytest.mark.slow
def test_the_warm_up_is_not_measured():
    pause = threading.Event()

    def answer_late(number):
        if number == 0:
            pause.wait(0.2)
        return answer()

    with serve_script(answer_late) as port:
        sample = run_load(port, [Group(REQUEST)], 0.05, warm_up=0.5)
    assert sample.p99 < 0.2
    assert sample.requests > 2


def test_refusals_are_counted_apart_from_answers():
    with serve_script(lambda number: answer(429 if number % 2 else 200)) as port:
        sample = load(port, Group(REQUEST))
    assert abs(2 * sample.refused - sample.requests) <= 1
    assert sample.failures == 0


@pytest.mark.slow
def test_a_request_whose_connection_is_closed_is_lost_and_the_next_ones_are_sent():
    with serve_script(lambda number: None if number == 1 else answer()) as port:
        sample = load(port, Group(REQUEST), seconds=0.5)
    assert sample.failures == 1
    assert sample.requests > 2


@pytest.mark.parametrize("rate", [0.0, 200.0])
def test_a_connection_that_is_closed_after_its_answer_loses_nothing(rate):
    close = b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(2**16)
            self.request.sendall(close)

    with serve(Handler) as port:
        sample = load(port, Group(REQUEST, rate=rate))
    assert sample.requests > 1
    assert sample.failures == 0


def test_an_answer_in_chunks_and_in_pieces_is_one_answer():
    pieces = [b"HTTP/1.1 200 X\r\nTransfer-Enc", b"oding: chunked\r\n\r\n3\r\nri", b"g\r\n2\r\nht\r\n0\r\n", b"\r\n"]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while self.request.recv(2**16):
                for piece in pieces:
                    self.request.sendall(piece)

    with serve(Handler) as port:
        sample = load(port, Group(REQUEST, expected=b"right"), seconds=0.2)
    assert sample.requests > 2
    assert sample.failures == 0


def test_bytes_that_are_no_answer_lose_their_request():
    script = [answer(), b"SSH-2.0-OpenSSH\r\n\r\n"]
    with serve_script(lambda number: script[number] if number < 2 else answer()) as port:
        assert load(port, Group(REQUEST)).failures == 1


def test_answers_must_have_the_expected_body():
    with serve_script(lambda number: answer(body=b"wrong" if number in (2, 3) else b"right")) as port:
        sample = load(port, Group(REQUEST, expected=b"right"))
    assert sample.failures == 2
    assert sample.requests > 4


def test_without_any_answer_200_the_error_names_the_outcomes():
    with serve_script(lambda number: answer(500)) as port, pytest.raises(StartError, match=r"200, but \{'500': "):
        load(port, Group(REQUEST))


def test_a_rate_is_kept_where_connections_are_idle():
    with serve_script(lambda number: answer()) as port:
        sample = load(port, Group(REQUEST, connections=4, rate=100.0), seconds=0.2)
    assert 1 < sample.requests <= 21


def test_requests_of_a_rate_without_an_idle_connection_are_dropped():
    pause = threading.Event()

    def answer_late(number):
        pause.wait(0.1)
        return answer()

    with serve_script(answer_late) as port:
        sample = load(port, Group(REQUEST, connections=1, rate=1000.0), seconds=0.25)
    assert sample.requests <= 3


def test_the_last_group_is_measured_and_the_others_are_at_work_too():
    other, arrived = Request("/other"), []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while data := self.request.recv(2**16):
                arrived.append(data)
                self.request.sendall(answer(429) if data == other.raw else answer())

    with serve(Handler) as port:
        sample = load(port, Group(other, connections=2), Group(REQUEST))
    assert sample.refused == 0
    assert set(arrived) == {other.raw, REQUEST.raw}


def test_a_turn_goes_on_until_something_is_answered():
    pause = threading.Event()

    def answer_late(number):
        pause.wait(0.1)
        return answer()

    with serve_script(answer_late) as port:
        sample = load(port, Group(REQUEST), seconds=0.01)
    assert 0 < sample.rate <= 10


def test_a_body_larger_than_the_socket_takes_arrives_whole():
    request = Request("/x", b"x" * 2**23, "text/plain")
    size, received = len(request.raw), []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            got = bytearray()
            while data := self.request.recv(2**20):
                got += data
                if len(got) == size:
                    received.append(bytes(got))
                    self.request.sendall(answer())
                    return

    with serve(Handler) as port:
        assert load(port, Group(request)).requests >= 1
    assert set(received) == {request.raw}


def test_an_address_without_a_server_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        load(port, Group(REQUEST))
