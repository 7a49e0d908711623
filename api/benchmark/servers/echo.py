"""The service with models that compute nothing: the upper limit of its HTTP, its checks and its payloads."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import uvicorn

import vae
from api.app import make_app
from api.releases.catalogue import Catalogue
from api.server import settle
from api.work.batching import BATCH_ROWS
from eval.leaderboard.store import Store
from ld_data.noise import make_normals
from ld_data.typing import Array, Floats
from vae.codec import Codec


class EchoX:
    """A codec of x that checks its inputs, and answers with rows computed once."""

    def __init__(self, codec: Codec) -> None:
        """Compute the rows."""
        self._x = codec.x
        self._latents = make_normals(0, 0, 0, BATCH_ROWS, codec.x.latent_dim).astype(np.float32)
        self._inputs = codec.x.run_decoder(self._latents)

    def __getattr__(self, name: str) -> Any:
        """Return the codec's own attribute."""
        return getattr(self._x, name)

    def run_decoder(self, latents: Floats) -> Array:
        """Return as many inputs as latents."""
        return self._inputs[: len(latents)]

    def run_encoder(self, inputs: Array, noise: Floats) -> Floats:
        """Return as many latents as inputs."""
        return self._latents[: len(inputs)]


def _load(folder: Path) -> Codec:
    codec = vae.load(folder)
    return Codec(EchoX(codec), codec.y)  # type: ignore[arg-type]


def main(checkpoints: Path, port: int) -> None:
    """Serve the releases until the process is ended."""
    with TemporaryDirectory() as folder, Catalogue() as catalogue:
        catalogue.add_all(checkpoints, _load)
        app = make_app(catalogue, Store(str(Path(folder) / "scores.sqlite")))
        settle()
        uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False)).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
