"""The load generator, against servers that answer as a script says."""

import base64
import json
import socket
import socketserver
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from api.benchmark.http import make_request
from api.benchmark.load.generator import Group, Load

REQUEST = make_request("/x", b"abc", "text/plain")


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
                if not received.endswith(REQUEST):
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
    return Load("127.0.0.1", port, list(groups)).run(seconds)


def test_each_connection_asks_anew_once_it_is_answered():
    with serve_script(lambda number: answer()) as port:
        (outcome,) = load(port, Group(REQUEST, connections=3))
    assert outcome.answered > 3
    assert (outcome.lost, outcome.wrong, outcome.statuses) == (0, 0, {})
    assert outcome.body_bytes == 5 * outcome.answered
    assert 0 < outcome.p50 <= outcome.p99 <= outcome.greatest <= outcome.seconds


def test_refusals_are_counted_apart_from_answers():
    with serve_script(lambda number: answer(429 if number % 2 else 200)) as port:
        (outcome,) = load(port, Group(REQUEST))
    assert abs(outcome.statuses["429"] - outcome.answered) <= 1


def test_a_request_whose_connection_is_closed_is_lost_and_the_next_ones_are_sent():
    with serve_script(lambda number: None if number == 1 else answer()) as port:
        (outcome,) = load(port, Group(REQUEST))
    assert outcome.lost == 1
    assert outcome.answered > 1


@pytest.mark.parametrize("rate", [0.0, 200.0])
def test_a_connection_that_is_closed_after_its_answer_loses_nothing(rate):
    close = b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(2**16)
            self.request.sendall(close)

    with serve(Handler) as port:
        (outcome,) = load(port, Group(REQUEST, rate=rate))
    assert outcome.answered > 1
    assert outcome.lost == 0


def test_checked_answers_must_be_that_to_a_request_sent_alone():
    with serve_script(lambda number: answer(body=b"wrong" if number in (2, 3) else b"right")) as port:
        (outcome,) = load(port, Group(REQUEST, check=True))
    assert outcome.wrong == 2
    assert outcome.answered > 2


def test_a_check_needs_a_right_answer_to_begin_with():
    with serve_script(lambda number: answer(500)) as port, pytest.raises(ValueError, match="answered 500"):
        load(port, Group(REQUEST, check=True))


def test_a_check_without_any_answer_is_an_error():
    with serve_script(lambda number: None) as port, pytest.raises(ValueError, match="answered 0"):
        load(port, Group(REQUEST, check=True))


def test_a_rate_is_kept_where_connections_are_idle():
    with serve_script(lambda number: answer()) as port:
        (outcome,) = load(port, Group(REQUEST, connections=4, rate=100.0), seconds=0.2)
    assert outcome.answered <= 20


def test_what_no_connection_is_idle_for_is_not_sent_and_said():
    arrived = threading.Event()

    def answer_late(number):
        arrived.wait(0.1)
        return answer()

    with serve_script(answer_late) as port:
        (outcome,) = load(port, Group(REQUEST, connections=1, rate=1000.0), seconds=0.05)
    assert outcome.unsent > 10


def test_groups_are_counted_apart():
    with serve_script(lambda number: answer()) as port:
        first, second = load(port, Group(REQUEST, connections=2), Group(REQUEST, connections=1))
    assert first.answered
    assert second.answered


def test_a_turn_goes_on_until_something_is_answered():
    pause = threading.Event()

    def answer_late(number):
        pause.wait(0.1)
        return answer()

    with serve_script(answer_late) as port:
        (outcome,) = load(port, Group(REQUEST), seconds=0.01)
    assert outcome.answered == 1
    assert outcome.seconds >= 0.1


def test_a_body_larger_than_the_socket_takes_arrives_whole():
    body = b"x" * 2**23
    request = make_request("/x", body, "text/plain")
    received = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            got = bytearray()
            while data := self.request.recv(2**20):
                got += data
                if len(got) == len(request):
                    received.append(bytes(got))
                    self.request.sendall(answer())
                    return

    with serve(Handler) as port:
        (outcome,) = load(port, Group(request))
    assert outcome.answered >= 1
    assert set(received) == {request}


def test_the_program_reads_a_plan_and_writes_what_came_of_it():
    group = {"request": base64.b64encode(REQUEST).decode(), "connections": 2, "rate": 0.0, "check": False}
    with serve_script(lambda number: answer()) as port:
        plan = {"host": "127.0.0.1", "port": port, "groups": [group], "seconds": 0.02, "warm_up": 0.01}
        command = [sys.executable, "-m", "api.benchmark.load"]
        done = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True, check=True)
    (outcome,) = json.loads(done.stdout)
    assert outcome["answered"] > 2


def test_nobody_at_the_address_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        load(port, Group(REQUEST))
