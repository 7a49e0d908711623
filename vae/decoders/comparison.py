"""The published decoder of a release beside others that are trained on its latents: costs and measures in a table."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import onnx
import onnxruntime

from ld_data.cli.table import format_table
from ld_data.health.probes import measure_errors, read_decoded
from ld_data.noise import make_normals
from ld_data.progress import show_progress
from ld_data.protocols import Judge
from ld_data.release.dataset import LatentDataset
from ld_data.sources.source import Source
from vae.codec import Codec
from vae.decoders.alternatives import choose_alternatives, train_alternative
from vae.runtime.input_codec import prepare_inputs
from vae.runtime.onnx_network import Network
from vae.training.onnx_export import export

PUBLISHED = "published"
NORMALS_SEED, NORMALS_STREAM, NORMALS_ROWS = 0, 1 << 43, 10_000  # of N(0, I), where decoders are compared
PEAK, PEAK_WIDTH = "peak", 1024  # a matrix product of that width stands for the peak of the machine
BATCHES = (1, 16, 64, 256)
TURN_ROWS, LEAST_CALLS = 256, 4  # of each network and batch size in each turn
UNDISTURBED = 0.1


@dataclass(frozen=True)
class DecoderRow:
    """One decoder of the table.

    Attributes:
        megaflops: millions of multiplications and additions in one row's matrix products and convolutions.
        operations: in the graph after ONNX Runtime optimised it.
        rows_a_second: by batch size, on one thread.
        peak_share: at the largest batch, of the rate of a large matrix product.
        seconds: of its training; None for the published decoder.
    """

    name: str
    megaflops: float
    operations: int
    rows_a_second: dict[int, float]
    peak_share: float
    measures: dict[str, float]
    seconds: float | None = None


def compare_decoders(
    data: LatentDataset, codec: Codec, source: Source, judge: Judge | None, names: Sequence[str] | None, steps: int
) -> list[DecoderRow]:
    """Return the rows of a release's decoder and of others, by default all that fit, each trained for `steps` steps.

    Raises:
        UnknownNameError: no decoder of one of the `names` fits the inputs.
    """
    models = codec.x.vae
    inputs = prepare_inputs(source.make_fit_set(models.config.seed)[0], models.config)
    networks, seconds = {PUBLISHED: models.decoder}, {}
    for name in choose_alternatives(models.config.input_shape, names):
        start = time.perf_counter()
        networks[name] = train_alternative(name, models, inputs, steps)
        seconds[name] = time.perf_counter() - start
    return make_rows(networks, _measure(networks, data, codec, source, judge), seconds)


def make_rows(
    decoders: Mapping[str, Network],
    measures: Mapping[str, dict[str, float]],
    seconds: Mapping[str, float],
    turns: int = 20,
) -> list[DecoderRow]:
    """Return the rows of decoders, timed here, with the given measures and training times."""
    square = keras.Sequential([keras.Input((PEAK_WIDTH,)), keras.layers.Dense(PEAK_WIDTH, use_bias=False)])
    peak = export(square, values=(PEAK_WIDTH,))
    rates = measure_rates({PEAK: peak, **decoders}, turns)
    peak_rate = count_flops(peak.model) / 1e6 * rates[PEAK][BATCHES[-1]]
    rows = []
    for name, decoder in decoders.items():
        megaflops = count_flops(decoder.model) / 1e6
        share = megaflops * rates[name][BATCHES[-1]] / peak_rate
        operations = count_operations(decoder)
        rows.append(DecoderRow(name, megaflops, operations, rates[name], share, measures[name], seconds.get(name)))
    return rows


def describe_rows(rows: list[DecoderRow]) -> str:
    """Return two tables, a line for each decoder: its costs, and the measures of its outputs."""
    heads = ("", "MFLOP", "operations", *(f"rows/s at {batch}" for batch in rows[0].rows_a_second), "of peak")
    costs, measures = [], []
    for row in rows:
        rates = [f"{rate:,.0f}" for rate in row.rows_a_second.values()]
        costs.append((row.name, f"{row.megaflops:.2f}", str(row.operations), *rates, f"{row.peak_share:.0%}"))
        values = [f"{value:.4f}" for value in row.measures.values()]
        measures.append((row.name, *values, "" if row.seconds is None else f"{row.seconds:.0f} s"))
    table = format_table(("", *rows[0].measures, "trained"), measures, "l" + "r" * len(measures[0][1:]))
    return f"{format_table(heads, costs, 'l' + 'r' * len(heads[1:]))}\n\n{table}"


def _measure(
    decoders: Mapping[str, Network], data: LatentDataset, codec: Codec, source: Source, judge: Judge | None
) -> dict[str, dict[str, float]]:
    """Return measures by decoder: the errors on test inputs, as in a health report, and the distance on N(0, I).

    normals_mse: the mean squared difference from the published decoder there; normals_judge: the share that the judge
    reads alike.
    """
    means = codec.x.encode(source.inputs_test, mode="mean")
    normals = make_normals(NORMALS_SEED, NORMALS_STREAM, 0, NORMALS_ROWS, data.latent_dim).astype(np.float32)
    expected = codec.x.decode(normals)
    measures = {}
    for name, decoder in decoders.items():
        decoded = {"samples": decoder.run(data.test.x)[0], "means": decoder.run(means)[0]}
        dreams = decoder.run(normals)[0]
        measures[name] = measure_errors(source, decoded) | {"normals_mse": float(np.square(dreams - expected).mean())}
        if judge is not None:
            read = read_decoded(judge, source, decoded)
            agree = judge.classify(dreams) == judge.classify(expected)
            measures[name] |= {kind: read[kind] for kind in ("judge_samples", "judge_means")}
            measures[name]["normals_judge"] = float(agree.mean())
    return measures


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
    for _ in show_progress(range(turns), "turns"):
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


def _read_shapes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    shapes = {constant.name: tuple(constant.dims) for constant in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        shapes[value.name] = tuple(size.dim_value for size in value.type.tensor_type.shape.dim)
    return shapes


def _count(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    if node.op_type in ("MatMul", "Gemm"):
        is_transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return 2 * math.prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if is_transposed else -1]
    if node.op_type in ("Conv", "ConvTranspose"):
        swept = node.output[0] if node.op_type == "Conv" else node.input[0]
        return 2 * math.prod(shapes[swept]) * math.prod(shapes[node.input[1]][1:])
    return 0
