"""The contenders: how each server is started, and how it is asked to decode."""

import json
import os
import shlex
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

import ld_data
from api.benchmark.processes import Request, Running, start
from api.messages.payload import JSON, NPY
from ld_data.noise import make_normals
from ld_data.storage.arrays import write_npy
from ld_data.typing import Array, Floats

HERE = Path(__file__).parent
DECODE = "/v1/datasets/{release}/x/decode"
SERVE = "{own} -m api --checkpoints {checkpoints} --scores {scratch}/scores-{port}.sqlite --port {port}"
BARE_SERVER = "{own} -m api.benchmark.servers.bare {port}"
ECHO_SERVER = "{own} -m api.benchmark.servers.echo {checkpoints} {port}"
FASTAPI = "{own} -m api.benchmark.servers.fastapi_decoder {folder} {port}"
ALTERNATIVE = "{python} {here}/alternatives/%s_decoder.py {folder}/x.decoder.onnx {port}"
NGINX_SERVER = "nginx -c {scratch}/nginx.conf"


@dataclass(frozen=True)
class Setting:
    """The facts that all contenders share."""

    folder: Path  # of the release
    python: str  # the interpreter that has the libraries of the alternatives
    scratch: Path  # a folder for files of the servers
    latents: Floats  # (n, d), of the release
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
        is_image = len(self.input_shape) > 1
        return (noise * 32 + 128).clip(0, 255).astype(np.uint8) if is_image else noise.astype(np.float32)

    def fill(self, text: str, port: int = 0) -> str:
        """Return a text with its placeholders filled."""
        more = {"release": self.folder.name, "checkpoints": self.folder.parent, "here": HERE, "own": sys.executable}
        return text.format(**vars(self), **more, port=port)


Ask = Callable[[Setting, int], Request]


@dataclass(frozen=True)
class Contender:
    """A server with one kind of request; contenders with the same command share a server."""

    name: str
    command: str  # with placeholders of `Setting.fill`
    ask: Ask  # makes the request with so many rows; the server is ready once it has answered it with one
    core: int | None = 0  # the only one that it may use; None for all

    def start(self, setting: Setting) -> AbstractContextManager[Running]:
        """Return the server, to be started by `with`; see `processes.start`."""

        def make_command(port: int) -> list[str]:
            configuration = setting.fill((HERE / "servers" / "nginx.conf").read_text("utf-8"), port)
            (setting.scratch / "nginx.conf").write_text(configuration, "utf-8")
            return [setting.fill(word, port) for word in shlex.split(self.command)]

        return start(make_command, self.ask(setting, 1), self.core)


def _ask_with_lists(path: str) -> Ask:
    def ask(setting: Setting, rows: int) -> Request:
        vectors = setting.make_vectors(rows).tolist()
        return Request(setting.fill(path), json.dumps({"vectors": vectors}).encode(), JSON)

    return ask


def _ask_with_npy(path: str, make_rows: Callable[[Setting, int], Array] = Setting.make_vectors) -> Ask:
    """Return a maker of requests with rows as `.npy`, and an answer in that format."""
    return lambda setting, rows: Request(setting.fill(path), write_npy(make_rows(setting, rows)), NPY, NPY)


def _ask_for_file(path: str) -> Ask:
    return lambda setting, rows: Request(setting.fill(path))


def _ask_by_protocol(setting: Setting, rows: int) -> Request:
    """Return a request of the Open Inference Protocol."""
    vectors = setting.make_vectors(rows)
    values = {"name": "latents", "shape": vectors.shape, "datatype": "FP32", "data": vectors.ravel().tolist()}
    return Request("/v2/models/decoder/infer", json.dumps({"inputs": [values]}).encode(), JSON)


ask_in_json, ask_in_npy = _ask_with_lists(DECODE), _ask_with_npy(DECODE)
ask_to_encode = _ask_with_npy("/v1/datasets/{release}/x/encode", Setting.make_inputs)
ask_for_file = _ask_for_file("/v1/datasets/{release}/files/data.npz")


def _make_two(name: str, command: str, core: int | None = 0) -> list[Contender]:
    asks = {"JSON": ask_in_json, ".npy": ask_in_npy}
    return [Contender(f"{name}, {form}", command, ask, core) for form, ask in asks.items()]


SERVICE = _make_two("service", SERVE)
ECHO = _make_two("echo", ECHO_SERVER)
BARE = Contender("bare uvicorn", BARE_SERVER, ask_in_npy)
WORKERS = _make_two("service of two processes", f"{SERVE} --workers 2", core=None)
LONG_WAY = Contender(  # `api.middleware.fast_path` passes on a request with a query, even if that changes nothing
    "service by the long way, .npy", SERVE, _ask_with_npy(f"{DECODE}?dtype=float32")
)
KERAS = Contender("FastAPI, Keras called directly", f"{FASTAPI} direct", _ask_with_lists("/decode"))
OTHERS = [
    Contender("FastAPI, keras.predict", f"{FASTAPI} predict", _ask_with_lists("/decode")),
    KERAS,
    Contender("FastAPI, ONNX Runtime", f"{FASTAPI} onnx", _ask_with_lists("/decode")),
    Contender("LitServe", ALTERNATIVE % "litserve", _ask_with_lists("/predict")),
    Contender("BentoML", ALTERNATIVE % "bentoml", _ask_with_lists("/decode")),
    Contender("MLServer", ALTERNATIVE % "mlserver", _ask_by_protocol),
]
AS_ROOT = " -g 'user root;'" if os.geteuid() == 0 else ""  # its workers read root's files
NGINX = Contender("nginx", NGINX_SERVER + AS_ROOT, _ask_for_file("/files/data.npz"))
