"""Who takes part: how each server is started, and how it is asked to decode."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.benchmark.contenders.processes import Program
from api.benchmark.http import make_request
from ld_data.storage.arrays import write_npy

JSON, NPY = "application/json", "application/x-npy"
ALTERNATIVES = Path(__file__).parents[1] / "alternatives"
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "BENTOML_DO_NOT_TRACK": "true",
}


@dataclass(frozen=True)
class Setting:
    """What all contenders share.

    Attributes:
        folder: of the release.
        python: the interpreter that has the libraries of the alternatives.
        scratch: a folder for what a server writes.
    """

    folder: Path
    python: str
    scratch: Path


@dataclass(frozen=True)
class Contender:
    """A server, asked in one way.

    Attributes:
        name: as the table has it.
        command: its command line, for a setting and a port; contenders with the same one share a server.
        make: the request to decode vectors `(n, d)`, for the name of the release.
        core: the only core it may use; None for all.
    """

    name: str
    command: Callable[[Setting, int], list[str]]
    make: Callable[[str, np.ndarray], bytes]
    core: int | None = 0

    def make_program(self, setting: Setting, vectors: np.ndarray) -> Program:
        """Return how it is started; it is ready once it has decoded these vectors."""
        return Program(
            lambda port: self.command(setting, port), self.make(setting.folder.name, vectors), self.core, ONE_THREAD
        )


def make_service_command(*options: str) -> Callable[[Setting, int], list[str]]:
    """Return the command line of the service itself, with these options."""

    def make(setting: Setting, port: int) -> list[str]:
        scores = str(setting.scratch / f"scores-{port}.sqlite")
        places = ["--checkpoints", str(setting.folder.parent), "--scores", scores, "--port", str(port)]
        return [sys.executable, "-m", "api", *places, *options]

    return make


def ask_in_json(release: str, vectors: np.ndarray) -> bytes:
    """Return the service's request for vectors as JSON, as Python writes it."""
    return make_request(f"/v1/datasets/{release}/x/decode", _dump({"vectors": vectors.tolist()}), JSON)


def ask_in_npy(release: str, vectors: np.ndarray) -> bytes:
    """Return the service's request for vectors as `.npy`, both ways."""
    return make_request(f"/v1/datasets/{release}/x/decode", write_npy(vectors), NPY, NPY)


def ask_to_encode(release: str, inputs: np.ndarray) -> bytes:
    """Return the service's request to encode inputs as `.npy`, both ways."""
    return make_request(f"/v1/datasets/{release}/x/encode", write_npy(inputs), NPY, NPY)


def _make_own_command(module: str, *arguments: str) -> Callable[[Setting, int], list[str]]:
    run = [sys.executable, "-m", f"api.benchmark.servers.{module}"]
    return lambda setting, port: [*run, str(setting.folder), str(port), *arguments]


def _make_echo_command(setting: Setting, port: int) -> list[str]:
    return [sys.executable, "-m", "api.benchmark.servers.echo", str(setting.folder.parent), str(port)]


def _make_alternative_command(script: str) -> Callable[[Setting, int], list[str]]:
    path = str(ALTERNATIVES / f"{script}.py")
    return lambda setting, port: [setting.python, path, str(setting.folder / "x.decoder.onnx"), str(port)]


def _ask_lists(path: str) -> Callable[[str, np.ndarray], bytes]:
    return lambda _, vectors: make_request(path, _dump({"vectors": vectors.tolist()}), JSON)


def _ask_by_protocol(_: str, vectors: np.ndarray) -> bytes:
    """Return a request of the Open Inference Protocol."""
    data = vectors.ravel().tolist()
    values = {"name": "latents", "shape": list(vectors.shape), "datatype": "FP32", "data": data}
    return make_request("/v2/models/decoder/infer", _dump({"inputs": [values]}), JSON)


def _dump(values: object) -> bytes:
    return json.dumps(values).encode()


_serve, _serve_twice = make_service_command(), make_service_command("--workers", "2")
SERVICE = [Contender("service, JSON", _serve, ask_in_json), Contender("service, .npy", _serve, ask_in_npy)]
ECHO = [
    Contender("echo, JSON", _make_echo_command, ask_in_json),
    Contender("echo, .npy", _make_echo_command, ask_in_npy),
]
WORKERS = [
    Contender("service of two processes, JSON", _serve_twice, ask_in_json, core=None),
    Contender("service of two processes, .npy", _serve_twice, ask_in_npy, core=None),
]
OTHERS = [
    Contender("FastAPI, keras.predict", _make_own_command("fastapi_keras", "predict"), _ask_lists("/decode")),
    Contender("FastAPI, Keras called directly", _make_own_command("fastapi_keras", "direct"), _ask_lists("/decode")),
    Contender("FastAPI, ONNX Runtime", _make_own_command("fastapi_onnx"), _ask_lists("/decode")),
    Contender("LitServe", _make_alternative_command("litserve_decoder"), _ask_lists("/predict")),
    Contender("BentoML", _make_alternative_command("bentoml_decoder"), _ask_lists("/decode")),
    Contender("MLServer", _make_alternative_command("mlserver_decoder"), _ask_by_protocol),
]
