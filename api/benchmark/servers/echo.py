"""The service with models that compute nothing: the upper limit of its HTTP, its checks and its payloads."""

import socket
import sys
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import vae
from api.server import Service, serve
from api.work.batching import BATCH_ROWS
from ld_data.noise import make_normals
from ld_data.typing import Array, Floats
from vae.codec import Codec
from vae.runtime.input_codec import InputCodec


class EchoX(InputCodec):
    """A codec of x that checks its inputs, and answers with rows computed once."""

    @cached_property
    def _latents(self) -> Floats:
        return make_normals(0, 0, 0, BATCH_ROWS, self.latent_dim).astype(np.float32)

    @cached_property
    def _inputs(self) -> Array:
        return super().run_decoder(self._latents)

    def run_decoder(self, latents: Array) -> Floats:
        """Return as many inputs as latents."""
        return self._inputs[: len(latents)]

    def run_encoder(self, inputs: Array, noise: Array) -> Floats:
        """Return as many latents as inputs."""
        return self._latents[: len(inputs)]


def _load(folder: Path) -> Codec:
    codec = vae.load(folder)
    return Codec(EchoX(codec.x.vae), codec.y)


if __name__ == "__main__":
    with TemporaryDirectory() as scratch, socket.create_server(("127.0.0.1", int(sys.argv[2]))) as listener:
        serve(Service(Path(sys.argv[1]), f"{scratch}/scores.sqlite", _load), listener)
