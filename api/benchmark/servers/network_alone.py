"""The networks of a release in this process, the machine's matrix product beside them, and what verifying costs."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

import vae
from api.benchmark.flops import count_flops
from api.benchmark.turns import serve_turns
from ld_data.noise import make_normals
from ld_data.release import verify

BATCHES = (1, 64, 256, 4096)
PEAK_SIZE = 1024  # of the square matrices of the product


def make_functions(folder: Path) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name: the product, the decoder and the encoder at each batch, and the verification."""
    codec = vae.load(folder)
    left, right = make_normals(0, 0, 0, 2 * PEAK_SIZE, PEAK_SIZE).astype(np.float32).reshape(2, PEAK_SIZE, PEAK_SIZE)
    functions: dict[str, Callable[[], object]] = {
        "peak": partial(np.matmul, left, right, out=np.empty_like(left)),
        "verify": partial(verify, folder),
    }
    for batch in BATCHES:
        latents = make_normals(0, 0, 0, batch, codec.x.latent_dim).astype(np.float32)
        arrays = codec.x.prepare_encoding(codec.x.run_decoder(latents).clip(0, 1))
        functions[f"decoder {batch}"] = partial(codec.x.run_decoder, latents)
        functions[f"encoder {batch}"] = partial(codec.x.run_encoder, *arrays)
    return functions


def main(folder: Path) -> None:
    """Serve turns; the facts are the floating-point operations of a call of each network for one row."""
    flops = {name: count_flops((folder / f"x.{name}.onnx").read_bytes()) for name in ("decoder", "encoder")}
    serve_turns(make_functions(folder), {**flops, "peak": 2 * PEAK_SIZE**3})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
