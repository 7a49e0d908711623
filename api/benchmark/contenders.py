"""The contenders: how each server is started, and how it is asked to decode."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

import ld_data
from api.benchmark.http import Request
from api.benchmark.processes import Running, start
from ld_data.noise import make_normals
from ld_data.storage.arrays import write_npy
from ld_data.typing import Array, Floats

JSON, NPY = "application/json", "application/x-npy"
FILE = "data.npz"  # of a download
SERVE = "{own} -m api --checkpoints {checkpoints} --scores {scratch}/scores-{port}.sqlite --port {port}"
ECHO_SERVER = "{own} -m api.benchmark.servers.echo {checkpoints} {port}"
FASTAPI = "{own} -m api.benchmark.servers.fastapi_decoder {folder} {port}"
ALTERNATIVE = "{python} {here}/alternatives/%s_decoder.py {folder}/x.decoder.onnx {port}"
NGINX_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/nginx.log;
events {{ }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {scratch};
    proxy_temp_path {scratch};
    fastcgi_temp_path {scratch};
    uwsgi_temp_path {scratch};
    scgi_temp_path {scratch};
    keepalive_requests 1000000;
    server {{
        listen 127.0.0.1:{port};
        location /files/ {{ alias {folder}/; }}
    }}
}}
"""


@dataclass(frozen=True)
class Setting:
    """The facts that all contenders share.

    Attributes:
        folder: of the release.
        python: the interpreter that has the libraries of the alternatives.
        scratch: a folder for files of the servers.
        latents: `(n, d)` of the release.
        input_shape: of its inputs.
    """

    folder: Path
    python: str
    scratch: Path
    latents: Floats
    input_shape: tuple[int, ...]

    @classmethod
    def read(cls, folder: Path, python: str, scratch: Path) -> Self:
        """Return the setting of a release."""
        shape = json.loads((folder / "model.json").read_text("utf-8"))["x"]["input_shape"]
        return cls(folder.resolve(), python, scratch, ld_data.load(folder).test.x, tuple(shape))

    def make_vectors(self, rows: int) -> Floats:
        """Return latents `(rows, d)`: those of the release, over and over."""
        return np.resize(self.latents, (rows, self.latents.shape[1]))

    def make_inputs(self, rows: int) -> Array:
        """Return inputs `(rows, ...)` of noise: images uint8, or signals float32."""
        noise = make_normals(0, 0, 0, rows, int(np.prod(self.input_shape))).reshape(rows, *self.input_shape)
        is_image = len(self.input_shape) == 2
        return (noise * 32 + 128).clip(0, 255).astype(np.uint8) if is_image else noise.astype(np.float32)

    def make_path(self, route: str) -> str:
        """Return the path of a route of the release in the service."""
        return f"/v1/datasets/{self.folder.name}/{route}"

    def fill(self, text: str, port: int) -> str:
        """Return a text with its placeholders filled."""
        more = {"checkpoints": self.folder.parent, "here": Path(__file__).parent, "own": sys.executable}
        return text.format(**vars(self), **more, port=port)


Ask = Callable[[Setting, int], Request]


@dataclass(frozen=True)
class Contender:
    """A server with one kind of request.

    Attributes:
        name: in the table.
        command: the command line, with placeholders of `Setting.fill`; contenders with the same one share a server.
        ask: makes the request with so many rows; the server is ready once it has answered it with one.
        core: the only core that it may use; None for all.
        configuration: the text of `{scratch}/configuration`, with placeholders, too.
    """

    name: str
    command: str
    ask: Ask
    core: int | None = 0
    configuration: str = ""

    def start(self, setting: Setting) -> AbstractContextManager[Running]:
        """Return the server, to be started by `with`; see `processes.start`."""

        def make_command(port: int) -> list[str]:
            (setting.scratch / "configuration").write_text(setting.fill(self.configuration, port), "utf-8")
            return [setting.fill(word, port) for word in shlex.split(self.command)]

        return start(make_command, self.ask(setting, 1), self.core)


def ask_in_json(setting: Setting, rows: int) -> Request:
    """Return the service's request to decode, as JSON."""
    return Request(setting.make_path("x/decode"), _make_lists(setting, rows), JSON)


def ask_in_npy(setting: Setting, rows: int) -> Request:
    """Return the service's request to decode, as `.npy` both ways."""
    return Request(setting.make_path("x/decode"), write_npy(setting.make_vectors(rows)), NPY, NPY)


def _ask_the_long_way(setting: Setting, rows: int) -> Request:
    """Return the request of `ask_in_npy` with a query that changes nothing: `api.middleware.fast_path` leaves it."""
    return Request(setting.make_path("x/decode?dtype=float32"), write_npy(setting.make_vectors(rows)), NPY, NPY)


def ask_to_encode(setting: Setting, rows: int) -> Request:
    """Return the service's request to encode, as `.npy` both ways."""
    return Request(setting.make_path("x/encode"), write_npy(setting.make_inputs(rows)), NPY, NPY)


def ask_for_file(setting: Setting, rows: int = 0) -> Request:
    """Return the service's request for `data.npz`."""
    return Request(setting.make_path(f"files/{FILE}"))


def _ask_lists(path: str) -> Ask:
    return lambda setting, rows: Request(path, _make_lists(setting, rows), JSON)


def _ask_by_protocol(setting: Setting, rows: int) -> Request:
    """Return a request of the Open Inference Protocol."""
    vectors = setting.make_vectors(rows)
    values = {"name": "latents", "shape": vectors.shape, "datatype": "FP32", "data": vectors.ravel().tolist()}
    return Request("/v2/models/decoder/infer", json.dumps({"inputs": [values]}).encode(), JSON)


def _make_lists(setting: Setting, rows: int) -> bytes:
    return json.dumps({"vectors": setting.make_vectors(rows).tolist()}).encode()


SERVICE = [Contender("service, JSON", SERVE, ask_in_json), Contender("service, .npy", SERVE, ask_in_npy)]
LONG_WAY = Contender("service by the long way, .npy", SERVE, _ask_the_long_way)
ECHO = [Contender("echo, JSON", ECHO_SERVER, ask_in_json), Contender("echo, .npy", ECHO_SERVER, ask_in_npy)]
WORKERS = [
    Contender("service of two processes, JSON", f"{SERVE} --workers 2", ask_in_json, core=None),
    Contender("service of two processes, .npy", f"{SERVE} --workers 2", ask_in_npy, core=None),
]
KERAS = Contender("FastAPI, Keras called directly", f"{FASTAPI} direct", _ask_lists("/decode"))
OTHERS = [
    Contender("FastAPI, keras.predict", f"{FASTAPI} predict", _ask_lists("/decode")),
    KERAS,
    Contender("FastAPI, ONNX Runtime", f"{FASTAPI} onnx", _ask_lists("/decode")),
    Contender("LitServe", ALTERNATIVE % "litserve", _ask_lists("/predict")),
    Contender("BentoML", ALTERNATIVE % "bentoml", _ask_lists("/decode")),
    Contender("MLServer", ALTERNATIVE % "mlserver", _ask_by_protocol),
]
NGINX = Contender(
    "nginx",
    (shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "nginx") + " -c {scratch}/configuration",
    lambda setting, rows: Request(f"/files/{FILE}"),
    configuration=("user root;" if os.geteuid() == 0 else "") + NGINX_CONFIGURATION,  # its workers read root's files
)
