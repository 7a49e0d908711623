"""The networks of a release in this process, the machine's matrix product beside them, and what verifying costs.

The product is taken by numpy and by ONNX Runtime: where numpy's BLAS does not know the processor's widest
instructions, its product is not the most that the machine can do.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import vae
from api.benchmark.turns import serve_turns
from ld_data.noise import make_normals
from ld_data.release.folder import verify
from vae.decoders.flops import count_flops
from vae.runtime.onnx_network import Network

BATCHES = (1, 64, 256, 4096)
PEAK_SIZE = 1024  # of the square matrices of the product


def make_functions(folder: Path) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name: the product, the decoder and the encoder at each batch, and the verification."""
    codec = vae.load(folder)
    left, right = make_normals(0, 0, 0, 2 * PEAK_SIZE, PEAK_SIZE).astype(np.float32).reshape(2, PEAK_SIZE, PEAK_SIZE)
    functions: dict[str, Callable[[], object]] = {
        "product by numpy": partial(np.matmul, left, right, out=np.empty_like(left)),
        "product by ONNX Runtime": partial(_make_product(right).run, left),
        "verify": partial(verify, folder),
    }
    for batch in BATCHES:
        latents = make_normals(0, 0, 0, batch, codec.x.latent_dim).astype(np.float32)
        arrays = codec.x.prepare_encoding(codec.x.run_decoder(latents).clip(0, 1))
        functions[f"decoder {batch}"] = partial(codec.x.run_decoder, latents)
        functions[f"encoder {batch}"] = partial(codec.x.run_encoder, *arrays)
    return functions


def _make_product(right: np.ndarray) -> Network:
    """Return the network that multiplies rows by a matrix, and does nothing else."""
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", PEAK_SIZE]) for name in ("left", "product")]
    node = helper.make_node("MatMul", ["left", "right"], ["product"])
    graph = helper.make_graph([node], "product", tensors[:1], tensors[1:], [numpy_helper.from_array(right, "right")])
    opset = helper.make_opsetid("", 18)
    return Network(helper.make_model(graph, opset_imports=[opset], ir_version=10).SerializeToString())


def main(folder: Path) -> None:
    """Serve turns; the facts are the floating-point operations of a call of each network for one row."""
    flops = {name: count_flops((folder / f"x.{name}.onnx").read_bytes()) for name in ("decoder", "encoder")}
    serve_turns(make_functions(folder), {**flops, "product": 2 * PEAK_SIZE**3})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
