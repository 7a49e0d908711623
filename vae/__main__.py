"""The command line of the models: `python -m vae`."""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

import ld_data
from ld_data.cli import parser as command_line
from ld_data.errors import InputError
from ld_data.noise import make_normals
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import find_release
from ld_data.release.inputs import find_inputs
from ld_data.release.manifest import read_manifest
from ld_data.sources.catalogue import SOURCES, load_source
from ld_data.sources.source import Source
from vae.codec import Codec, load
from vae.preset import check_new_folder
from vae.recipes import RECIPES, find_recipe
from vae.runtime.input_codec import prepare_inputs
from vae.runtime.onnx_network import Network

PUBLISHED = "published"
DECODERS = (
    "dense-512-512",
    "dense-512-1024",
    "residual-6x512",
    "subpixel",
    "transposed",
)  # of vae.decoders.alternatives
TRAINERS = ("keras", "tensorflow", "tf2onnx", "onnx", "onnxruntime")  # what trains models, and writes them
NORMALS_SEED, NORMALS_STREAM, NORMALS_ROWS = 0, 1 << 43, 10_000  # of N(0, I), where decoders are compared


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name."""
    return command_line.run_parser(_make_parser(), arguments)


def _make_parser() -> argparse.ArgumentParser:
    parser = command_line.make_parser(
        "vae", "The models of latent datasets: train and look at them.", "info ld-mnist-32"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = command_line.add_command(
        commands,
        "train",
        help="train the models of a source into a folder",
        example="mnist1d --out models",
        needs=TRAINERS,
    )
    train.add_argument("source", choices=list(SOURCES), metavar="SOURCE", help=", ".join(SOURCES))
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write; new, or empty")
    command_line.add_model_options(train, list(RECIPES))
    train.set_defaults(command=_train)

    info = command_line.add_command(
        commands,
        "info",
        help="the configuration of a release's models",
        example="ld-mnist-32",
        needs=("onnxruntime",),
    )
    info.add_argument(
        "release", metavar="RELEASE", help="a release's name, or the folder or address of a release or a preset"
    )
    info.set_defaults(command=_info)

    decoders = command_line.add_command(
        commands,
        "decoders",
        help="a release's decoder beside others: quality, size and speed",
        example="ld-mnist1d-32 --only dense-512-512 --steps 100",
        needs=(*TRAINERS, "sklearn"),
    )
    command_line.add_release(decoders)
    decoders.add_argument(
        "--only", nargs="*", choices=DECODERS, metavar="NAME", help="these alone; an unknown name lists all"
    )
    decoders.add_argument("--steps", type=int, default=3000, help="of training each of them; 3,000 by default")
    command_line.add_inputs(decoders)
    decoders.set_defaults(command=_decoders)
    return parser


def _train(options: argparse.Namespace) -> None:
    check_new_folder(options.out)  # which takes no time; training does
    with command_line.quiet_imports():
        from vae.training.train import train_codec  # the framework takes seconds to import

    source = load_source(options.source)
    changes = {name: getattr(options, name) for name in ("latent_dim", "epochs", "flow_epochs", "seed", "y")}
    codec = train_codec(source, find_recipe(options.recipe or options.source, source).change(**changes))
    folder = codec.save_to_preset(options.out)
    text = f"wrote the models to {options.out}; load them with vae.load({str(folder)!r})"
    command_line.print_result({"path": str(options.out)}, text, options.json)


def _info(options: argparse.Namespace) -> None:
    codec = load(options.release)
    facts = {
        **codec.x.vae.config.to_json(),
        "encoder_bytes": len(codec.x.vae.encoder.model),
        "decoder_bytes": len(codec.x.vae.decoder.model),
        "y": type(codec.y).__name__,
        "null": codec.y.null,
        "floor": codec.y.floor,
    }
    text = "\n".join(f"{name:<18} {value}" for name, value in facts.items())
    command_line.print_result(facts, text, options.json)


def _decoders(options: argparse.Namespace) -> None:
    if options.steps < 1:
        raise InputError(f"--steps must be 1 or more; received {options.steps}.")
    with command_line.quiet_imports():
        from vae.decoders.alternatives import choose_alternatives, train_alternative
        from vae.decoders.table import describe_rows, make_rows

    data, codec = ld_data.load(options.release), load(options.release)
    source = find_inputs(read_manifest(find_release(options.release)), options.source_npz)
    models = codec.x.vae
    names = choose_alternatives(models.config.input_shape, options.only)
    inputs = prepare_inputs(source.make_fit_set(models.config.seed)[0], models.config)
    decoders, seconds = {PUBLISHED: models.decoder}, {}
    for name in names:
        start = time.perf_counter()
        decoders[name] = train_alternative(name, models, inputs, options.steps)
        seconds[name] = time.perf_counter() - start
    rows = make_rows(decoders, _measure_decoders(decoders, data, codec, source), seconds)
    command_line.print_result([asdict(row) for row in rows], describe_rows(rows), options.json)


def _measure_decoders(
    decoders: Mapping[str, Network], data: LatentDataset, codec: Codec, source: Source
) -> dict[str, dict[str, float]]:
    """Return by decoder what test inputs lose, as a health report does, and how far from the published one N(0, I) is.

    normals_mse: the mean squared difference there; normals_judge: the share that the judge reads alike.
    """
    with command_line.quiet_imports():
        from eval.classifiers.judges import open_judge
        from ld_data.health.probes import measure_errors, read_decoded

    judge = open_judge(source.judge)
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


if __name__ == "__main__":
    sys.exit(main())
