"""The cost of a network: floating-point operations, operations of the runtime, and speed."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from tqdm import tqdm

from vae.runtime.onnx_network import Network

BATCHES = (1, 16, 64, 256)
TURN_ROWS, LEAST_CALLS = 256, 4  # of each network and batch size in each turn
UNDISTURBED = 0.1

Shape = tuple[int, ...]


def count_flops(model: bytes) -> int:
    """Return the multiplications and additions of one row in matrix products and convolutions, and no others."""
    graph = onnx.load_from_string(model)
    for argument in (*graph.graph.input, *graph.graph.output):
        argument.type.tensor_type.shape.dim[0].dim_value = 1
    graph = onnx.shape_inference.infer_shapes(graph, strict_mode=True, data_prop=True)
    shapes = _read_shapes(graph.graph)
    return sum(_count(node, shapes) for node in graph.graph.node)


def measure_rates(networks: Mapping[str, Network], turns: int) -> dict[str, dict[int, float]]:
    """Return the rows a second of networks of one input, by name and batch size, measured in turn.

    The time that counts is the tenth percentile of the calls: the rest of the machine did not disturb it.
    """
    seconds: dict[tuple[str, int], list[float]] = {(name, batch): [] for name in networks for batch in BATCHES}
    for _ in tqdm(range(turns), "turns", disable=None):
        for (name, batch), calls in seconds.items():
            (shape,) = networks[name].inputs.values()
            values = np.random.default_rng(0).normal(size=(batch, *shape)).astype(np.float32)
            for _ in range(max(TURN_ROWS // batch, LEAST_CALLS)):
                start = time.perf_counter()
                networks[name].run(values)
                calls.append(time.perf_counter() - start)
    rates = {key: key[1] / float(np.quantile(calls, UNDISTURBED)) for key, calls in seconds.items()}
    return {name: {batch: rates[name, batch] for batch in BATCHES} for name in networks}


def count_operations(network: Network) -> int:
    """Return the number of operations in a network after ONNX Runtime has fused some of them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "optimised.onnx"
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath, options.log_severity_level = str(path), 4
        onnxruntime.InferenceSession(network.model, options, providers=["CPUExecutionProvider"])
        return len(onnx.load(path).graph.node)


def _read_shapes(graph: onnx.GraphProto) -> dict[str, Shape]:
    shapes = {constant.name: tuple(constant.dims) for constant in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        shapes[value.name] = tuple(size.dim_value for size in value.type.tensor_type.shape.dim)
    return shapes


def _count(node: onnx.NodeProto, shapes: dict[str, Shape]) -> int:
    if node.op_type == "MatMul":
        return 2 * math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    if node.op_type == "Gemm":
        is_transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return 2 * math.prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if is_transposed else 1]
    if node.op_type == "Conv":
        return 2 * math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])
    if node.op_type == "ConvTranspose":
        return 2 * math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])
    return 0
