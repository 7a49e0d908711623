"""The published decoder of a release beside others that are trained on its latents."""

import time
from collections.abc import Mapping, Sequence

import numpy as np

from ld_data.health.probes import measure_errors, read_decoded
from ld_data.noise import make_normals
from ld_data.protocols import Judge
from ld_data.release.dataset import LatentDataset
from ld_data.sources.source import Source
from vae.codec import Codec
from vae.decoders.alternatives import choose_alternatives, train_alternative
from vae.decoders.table import DecoderRow, make_rows
from vae.runtime.input_codec import prepare_inputs
from vae.runtime.onnx_network import Network

PUBLISHED = "published"
NORMALS_SEED, NORMALS_STREAM, NORMALS_ROWS = 0, 1 << 43, 10_000  # of N(0, I), where decoders are compared


def compare_decoders(
    data: LatentDataset, codec: Codec, source: Source, judge: Judge | None, names: Sequence[str] | None, steps: int
) -> list[DecoderRow]:
    """Return the rows of the published decoder and of others, each trained for `steps` steps.

    Args:
        data: the latents of the release.
        codec: the models of the release.
        source: the inputs of the release.
        judge: reads decoded inputs.
        names: of the other decoders; all that fit the inputs by default.
        steps: of training.

    Raises:
        UnknownNameError: no decoder of that name fits the inputs.
    """
    models = codec.x.vae
    inputs = prepare_inputs(source.make_fit_set(models.config.seed)[0], models.config)
    networks, seconds = {PUBLISHED: models.decoder}, {}
    for name in choose_alternatives(models.config.input_shape, names):
        start = time.perf_counter()
        networks[name] = train_alternative(name, models, inputs, steps)
        seconds[name] = time.perf_counter() - start
    return make_rows(networks, _measure(networks, data, codec, source, judge), seconds)


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
