"""A table of decoders side by side: cost, speed, and measures of their outputs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import onnx
import onnxruntime
from tabulate import tabulate
from tqdm import tqdm

from vae.decoders.flops import count_flops
from vae.runtime.onnx_network import Network
from vae.training.onnx_export import export

BATCHES = (1, 16, 64, 256)
TURN_ROWS, LEAST_CALLS = 256, 4  # of each decoder and batch size in each turn
UNDISTURBED = 0.1
PEAK_WIDTH = 1024  # of the matrix product that stands for the peak of the machine
PEAK = "peak"


@dataclass(frozen=True)
class DecoderRow:
    """One decoder of the table.

    Attributes:
        name: of the decoder.
        megaflops: millions of multiplications and additions in one row's matrix products and convolutions.
        operations: in the graph after ONNX Runtime optimised it.
        rows_a_second: by batch size, on one thread.
        peak_share: at the largest batch, of the rate of a large matrix product.
        measures: of its outputs, by name.
        seconds: of its training; None for the published decoder.
    """

    name: str
    megaflops: float
    operations: int
    rows_a_second: dict[int, float]
    peak_share: float
    measures: dict[str, float]
    seconds: float | None = None


def make_rows(
    decoders: Mapping[str, Network],
    measures: Mapping[str, dict[str, float]],
    seconds: Mapping[str, float],
    turns: int = 20,
    *,
    progress: bool = True,
) -> list[DecoderRow]:
    """Return the rows of decoders, timed here, with the given measures and training times."""
    square = keras.Sequential([keras.Input((PEAK_WIDTH,)), keras.layers.Dense(PEAK_WIDTH, use_bias=False)])
    peak = export(square, values=(PEAK_WIDTH,))
    rates = measure_rates({PEAK: peak, **decoders}, turns, progress=progress)
    peak_rate = count_flops(peak.model) / 1e6 * rates[PEAK][BATCHES[-1]]
    rows = []
    for name, decoder in decoders.items():
        megaflops = count_flops(decoder.model) / 1e6
        share = megaflops * rates[name][BATCHES[-1]] / peak_rate
        operations = count_operations(decoder)
        rows.append(DecoderRow(name, megaflops, operations, rates[name], share, measures[name], seconds.get(name)))
    return rows


def measure_rates(
    networks: Mapping[str, Network], turns: int = 20, *, progress: bool = True
) -> dict[str, dict[int, float]]:
    """Return the rows a second of networks of one input, by name and batch size, measured in turn.

    The time that counts is the tenth percentile of the calls: the rest of the machine did not disturb it.
    """
    seconds: dict[tuple[str, int], list[float]] = {(name, batch): [] for name in networks for batch in BATCHES}
    for _ in tqdm(range(turns), "turns", disable=None if progress else True):
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


def describe_rows(rows: list[DecoderRow]) -> str:
    """Return two tables, a line for each decoder: its costs, and the measures of its outputs."""
    costs = {
        row.name: {
            "MFLOP": f"{row.megaflops:.2f}",
            "operations": f"{row.operations}",
            **{f"rows/s at {batch}": f"{rate:,.0f}" for batch, rate in row.rows_a_second.items()},
            "of peak": f"{row.peak_share:.0%}",
        }
        for row in rows
    }
    measures = {
        row.name: {
            **{name: f"{value:.4f}" for name, value in row.measures.items()},
            "trained": "" if row.seconds is None else f"{row.seconds:.0f} s",
        }
        for row in rows
    }
    return f"{_describe(costs)}\n\n{_describe(measures)}"


def _describe(lines: Mapping[str, Mapping[str, str]]) -> str:
    heads = next(iter(lines.values()))
    rows = [(name, *cells.values()) for name, cells in lines.items()]
    align = ("left", *("right" for _ in heads))
    return tabulate(rows, ("", *heads), "plain", colalign=align, disable_numparse=True)
