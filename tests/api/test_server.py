"""Several worker processes of the real service: their answers, and their replacement when they die."""

import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import numpy as np
import pytest

import ld_data
import vae
from api import server
from api.app import make_app
from api.commands import main
from api.releases.catalogue import Catalogue
from api.server import Server, Service, SharedPort, serve
from eval.leaderboard.client import fetch_leaderboard, submit
from eval.leaderboard.store import Store
from eval.leaderboard.submission import Submission
from ld_data.storage.arrays import write_npy
from tests.support.fakes import FakeCodec
from tests.support.paths import ROOT
from tests.support.servers import serve as serve_here

RELEASE = "ld-mnist1d-32"
pytestmark = pytest.mark.slow
NPY = {"Content-Type": "application/x-npy", "Accept": "application/x-npy"}
ASKS = {
    "x/encode?seed=3": np.linspace(-1, 1, 100 * 40, dtype=np.float32).reshape(100, 40),
    "x/decode": np.linspace(-2, 2, 100 * 32, dtype=np.float32).reshape(100, 32),
    "y/encode?seed=3": np.arange(100) % 10,
    "y/decode": np.linspace(-2, 2, 100 * 32, dtype=np.float32).reshape(100, 32),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with one release."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "checkpoints" / RELEASE, home / "checkpoints" / RELEASE)
    return home


@contextmanager
def run_service(home, temporary, release=RELEASE, log="text"):
    """Yield the process of a service of two workers, and its address; its log goes to a file."""
    options = {"--workers": 2, "--port": 0, "--log": log}
    options |= {"--checkpoints": home / "checkpoints", "--scores": home / "s.sqlite"}
    command = [sys.executable, "-m", "api", *(str(word) for pair in options.items() for word in pair)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with (
        (temporary / "log").open("w") as errors,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            announced = process.stdout.readline()
            assert announced.startswith(f"serving {release} at http://")
            yield process, announced.split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """The folder for the temporary files and the log of two workers."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def pairs(home, temporary):
    """A function that returns two workers, new ones if a test has ended them."""
    with ExitStack() as services:
        started = []

        def start():
            if not started or started[0].poll() is not None:
                started[:] = services.enter_context(run_service(home, temporary, log="json"))
            return started

        yield start


@pytest.fixture
def pair(pairs):
    """Two workers."""
    return pairs()


@pytest.mark.parametrize("is_known", [False, True])
def test_the_announcement_says_how_other_commands_find_another_address(is_known, monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("LD_DATA_SERVICE", f"{address}/" if is_known else "")
        server._announce(["a", "b"], listener)
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"serving a, b at {address}"
    note = f"other commands find it after `export LD_DATA_SERVICE={address}`"
    assert others == ([] if is_known else [note])


def list_workers(process):
    """The worker processes of the service, without the one that only tracks shared resources."""
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def wait_until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "ran out of time"
        time.sleep(0.05)


def ask(address, route):
    url = f"{address}/v1/datasets/{RELEASE}/{route}"
    return httpx2.post(url, content=write_npy(ASKS[route]), headers=NPY).raise_for_status().content


def is_served(address):
    with suppress(httpx2.TransportError):  # while there is no worker
        return httpx2.get(f"{address}/info").status_code == 200
    return False


def test_two_workers_answer_the_same_bytes_as_one_process(home, pair, tmp_path):
    with Catalogue() as catalogue:
        catalogue.add_all(home / "checkpoints", vae.load)
        with serve_here(make_app(catalogue, Store(tmp_path / "s.sqlite"))) as single:
            expected = {route: ask(single, route) for route in ASKS}
    for route, answer in expected.items():
        assert {ask(pair[1], route) for _ in range(8)} == {answer}  # each by a new connection


def test_the_number_of_workers_is_reported(pair):
    assert httpx2.get(f"{pair[1]}/info").json()["workers"] == len(list_workers(pair[0])) == 2


def read_metric(address, name):
    """The sum of the samples of a metric."""
    samples = [line.split() for line in httpx2.get(f"{address}/metrics").text.splitlines() if line.startswith(name)]
    return sum(float(value) for *_, value in samples)


def test_killed_workers_are_replaced_and_no_score_or_metric_is_lost(home, pair):
    process, address = pair
    unknown = 'ld_data_requests_total{method="GET",route="/v1/datasets/{release}",status="404"}'
    for _ in range(8):
        assert httpx2.get(f"{address}/v1/datasets/nope").status_code == 404  # each by a new connection
    wait_until(lambda: read_metric(address, unknown) == 8)  # of both workers, from either of them
    data = ld_data.load(home / "checkpoints" / RELEASE)
    entry = submit(address, data, np.zeros_like(data.test.y), Submission("the null"))
    killed = list_workers(process)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(list_workers(process) - killed) == 2 and is_served(address))
    (listed,) = fetch_leaderboard(address, RELEASE)["scores"]
    assert listed["receipt_sha256"] == entry["receipt_sha256"]
    assert read_metric(address, unknown) == 8


def test_workers_end_with_a_killed_supervisor_and_the_next_start_deletes_what_was_left(tmp_path, monkeypatch):
    (tmp_path / "checkpoints").mkdir()
    with run_service(tmp_path, tmp_path, "no releases") as (process, _):
        pids = list_workers(process)
        assert len(pids) == 2
        assert len(list(tmp_path.glob("ld-data-*"))) == 1
        process.kill()
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    (left,) = tmp_path.glob("ld-data-*")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = serve_once(tmp_path / "checkpoints", monkeypatch, lambda: list(tmp_path.glob("ld-data-*")))
    assert len(found) == 1
    assert found != [left]
    assert not list(tmp_path.glob("ld-data-*"))


def serve_once(checkpoints, monkeypatch, measure):
    """Return what a function finds while a service without requests would run in this process."""
    found = []
    monkeypatch.setattr(Server, "run", lambda *_, **__: found.append(measure()))
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serve(Service(checkpoints, str(checkpoints.parent / "s.sqlite"), lambda _: FakeCodec()), listener)
    finally:
        gc.unfreeze()
    return found[0]


def test_requests_in_progress_are_answered_before_a_signal_ends_all(pair, temporary):
    """The body of the request arrives after the signal."""
    body = write_npy(ASKS["x/decode"])
    head = f"POST /v1/datasets/{RELEASE}/x/decode HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in NPY.items())
    (process, address), logged = pair, len(read_log(temporary))
    pids, expected = list_workers(process), ask(address, "x/decode")
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(f"{head}\r\n".encode() + body[:100])
        time.sleep(0.2)  # until the service reads the body
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        client.sendall(body[100:])
        with client.makefile("rb") as answer:
            assert answer.read().endswith(expected)
    assert process.wait(60) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not list(temporary.glob("ld-data-*"))
    lines = read_log(temporary)[logged:]
    assert [line["rows"] for line in lines if line.get("route", "").endswith("x/decode")] == [100, 100]


def read_log(folder):
    """The lines of both workers."""
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"--workers": "0"}, "1 worker or more"),
        ({"--checkpoints": "nowhere"}, "is not a folder"),
        ({"--scores": "mysql://a/b"}, "the leaderboard must be"),
    ],
)
def test_a_bad_argument_ends_the_command_with_its_message(checkpoints, options, words, capsys):
    arguments = {"--port": "0", "--workers": "2", "--scores": str(checkpoints / "s.sqlite"), **options}
    assert main([word for pair in arguments.items() for word in pair]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err


def test_workers_that_cannot_start_end_the_service(home):
    """The store fails in the workers, as if it had gone away after the check of the command."""
    script = f"""
from pathlib import Path
from api.commands import _listen
from api.server import Service, serve
from ld_data.cli.program import run_command
if __name__ == "__main__":
    service = Service(Path({str(home / "checkpoints")!r}), "mysql://a/b", print, workers=2)
    raise SystemExit(run_command(lambda: serve(service, _listen("127.0.0.1", 0))))
"""
    (home / "script.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    finished = subprocess.run(
        [sys.executable, home / "script.py"], env=environment, capture_output=True, text=True, check=False, timeout=30
    )
    assert (finished.returncode, finished.stdout) == (1, "")
    assert "error: a worker ended before it served" in finished.stderr


def test_a_shared_port_is_bound_by_several():
    with SharedPort(socket.AF_INET, ("127.0.0.1", 0)) as first:
        make, arguments = first.__reduce__()
        with make(*arguments) as second:
            assert second.getsockname() == first.getsockname()
            assert second.fileno() != first.fileno()


def test_objects_from_before_the_service_are_exempt_from_garbage_collection(checkpoints, monkeypatch):
    before = gc.get_freeze_count()
    assert serve_once(checkpoints, monkeypatch, gc.get_freeze_count) > before + 10_000
