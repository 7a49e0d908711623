"""The published decoder of a release beside others that are trained on its latents: costs and measures in a table."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from tabulate import tabulate

from ld_data.health.probes import measure_errors, read_decoded
from ld_data.noise import make_normals
from ld_data.protocols import Judge
from ld_data.release.dataset import LatentDataset
from ld_data.sources.source import Source
from vae.codec import Codec
from vae.decoders.alternatives import choose_alternatives, train_alternative
from vae.decoders.costs import BATCHES, count_flops, count_operations, measure_rates
from vae.runtime.input_codec import prepare_inputs
from vae.runtime.onnx_network import Network
from vae.training.onnx_export import export

PUBLISHED = "published"
NORMALS_SEED, NORMALS_STREAM, NORMALS_ROWS = 0, 1 << 43, 10_000  # of N(0, I), where decoders are compared
PEAK, PEAK_WIDTH = "peak", 1024  # a matrix product of that width stands for the peak of the machine


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


def _describe(lines: Mapping[str, Mapping[str, str]]) -> str:
    heads = next(iter(lines.values()))
    rows = [(name, *cells.values()) for name, cells in lines.items()]
    align = ("left", *("right" for _ in heads))
    return tabulate(rows, ("", *heads), "plain", colalign=align, disable_numparse=True)
