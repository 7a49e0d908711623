"""The command line of the datasets: `python -m ld_data`."""

import argparse
import dataclasses
import itertools
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from ld_data.checks import check_integer
from ld_data.cli import parser as command_line
from ld_data.errors import DownloadError, HealthError, InputError, LdDataError, MissingDataError, UnknownNameError
from ld_data.export.formats import FORMATS, export_dataset
from ld_data.extras import check_libraries
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import plan_mnist1d
from ld_data.protocols import LatentCodec
from ld_data.release.dataset import LatentDataset
from ld_data.release.examples import EXAMPLES_NAME, INPUT_ROWS, PLACE_ROWS, Examples
from ld_data.release.folder import check_target, find_release, list_releases, load, verify
from ld_data.release.inputs import find_inputs
from ld_data.release.manifest import FileRecord, Manifest, read_manifest
from ld_data.release.report import Goals, HealthReport, keep_measured, make_report, merge, read_goals
from ld_data.settings import CHECKPOINTS_VARIABLE, checkpoints_folder
from ld_data.sources.catalogue import SOURCES, choose_source
from ld_data.sources.mnist import load_mnist
from ld_data.sources.source import Source
from ld_data.storage.arrays import read_npy
from ld_data.storage.hashing import hash_file
from ld_data.variations.published import TEST_ROWS, TRAIN_ROWS
from ld_data.variations.stream import MAX_ROW, PRESETS, BackgroundKind, Blend, Order, VariationConfig, VariationStream
from vae.recipes import RECIPES, find_recipe

RELEASE_VERSION = "1.0.0"
EXAMINERS = ("keras", "sklearn", "onnxruntime")  # what examines and runs models


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name."""
    return command_line.run_parser(_make_parser(), arguments)


def _make_parser() -> argparse.ArgumentParser:
    parser = command_line.make_parser("ld_data", "Latent datasets: list, make, fetch and check them.", "list")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = command_line.add_command(commands, "list", help="the releases at hand", example="--json")
    command_line.add_checkpoints(listing)
    listing.set_defaults(command=_list)

    _add_generator_commands(commands)
    _add_export_command(commands)

    build = command_line.add_command(
        commands,
        "build",
        help="train, encode, examine, write and verify a release",
        example="mnist1d --latent-dim 8 --seed 1",
        needs=(*EXAMINERS, "tensorflow", "tf2onnx"),
    )
    command_line.add_source(build, list(SOURCES))
    build.add_argument("--licence", default="unknown", help="of your own images: an SPDX name")
    build.add_argument("--release", metavar="NAME", help="its name; ld-SOURCE-D by default")
    command_line.add_model_options(build, list(RECIPES))
    build.add_argument(
        "--change", default="", metavar="TEXT", help="what is new in it, a sentence for the release's card"
    )
    build.add_argument("--no-goals", action="store_true", help="publish whatever the health report says")
    command_line.add_checkpoints(build)
    build.set_defaults(command=_build)

    download = command_line.add_command(
        commands,
        "download",
        help="fetch a release from a service",
        example="ld-mnist-32 --from http://127.0.0.1:8000 --checkpoints releases",
    )
    download.add_argument("name", metavar="NAME", help="a release's name")
    command_line.add_service(download, "--from")
    command_line.add_checkpoints(download)
    download.set_defaults(command=_download)

    check = command_line.add_command(
        commands, "verify", help="check every hash of a release", example="checkpoints/ld-mnist-32"
    )
    command_line.add_release(check)
    check.set_defaults(command=_verify)

    _add_commands_of_a_release(commands)
    return parser


def _add_export_command(commands: command_line.Commands) -> None:
    export = command_line.add_command(
        commands,
        "export",
        help="a release as Parquet, safetensors, CSV, .npz or .npy files",
        example="ld-mnist1d-32 --format csv",
    )
    command_line.add_release(export)
    export.add_argument("--format", choices=list(FORMATS), required=True, help="of the files")
    export.add_argument("--out", type=Path, metavar="DIR", help="the folder to write; NAME-FORMAT by default")
    export.set_defaults(command=_export)


def _add_commands_of_a_release(commands: command_line.Commands) -> None:
    health = command_line.add_command(
        commands,
        "health",
        help="how far a release's latents are from N(0, I)",
        example="ld-mnist-32",
        needs=EXAMINERS,
    )
    command_line.add_release(health)
    command_line.add_inputs(health)
    health.add_argument(
        "--keep", action="store_true", help="put the report into the release, by today's judge and goals"
    )
    health.set_defaults(command=_health)

    examples = command_line.add_command(
        commands,
        "examples",
        help="give an older release the inputs and the map that the page shows",
        example="ld-mnist-32",
        needs=("sklearn",),
    )
    command_line.add_release(examples)
    command_line.add_inputs(examples)
    examples.set_defaults(command=_add_examples)

    plots = command_line.add_command(
        commands,
        "plots",
        help="pictures of a release, or of a generator",
        example="ld-mnist-32 --out plots",
        needs=("matplotlib", "sklearn"),
    )
    drawn = plots.add_argument(
        "release", metavar="RELEASE", help="a release's name or folder; or mnist1d, mnist-rot-like, ...: a generator"
    )
    command_line.offer(drawn, ["mnist1d", *PRESETS])
    plots.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write .png files into")
    plots.add_argument("--components", type=int, nargs=2, default=(0, 1), help="of the manifold; 0 1 by default")
    command_line.add_inputs(plots)
    plots.set_defaults(command=_plots)


def _add_generator_commands(commands: command_line.Commands) -> None:
    sources = command_line.add_group(
        commands,
        "generate",
        help="raw signals or images from a generator",
        example="mnist1d --out signals.npz --num-samples 1000",
        metavar="SOURCE",
    )
    signals = command_line.add_command(
        sources, "mnist1d", help="signals, as .npz or .npy", example="--out signals.npz --num-samples 1000 --seed 7"
    )
    signals.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the .npz, or .npy and .labels.npy, to write; must not exist",
    )
    signals.add_argument(
        "--mode",
        choices=["canonical", "fast"],
        help="the original's very signals, or others of their distribution; fast for all but the published set",
    )
    signals.add_argument("--templates", type=Path, metavar="FILE", help="an .npy (k, l) in place of the ten digits")
    _add_config_options(signals)
    signals.set_defaults(command=_generate)
    for name, config in PRESETS.items():
        images = command_line.add_command(
            sources, name, help="varied MNIST digits, as .npz", example="--out digits.npz --train 6000 --test 1000"
        )
        _add_variation_options(images, config)

    benchmark = command_line.add_command(
        commands, "benchmark", help="how fast a generator is, or a parser, beside the original", example="mnist1d"
    )
    benchmark.add_argument("source", choices=["mnist1d", "variations"], metavar="SOURCE", help="mnist1d or variations")
    benchmark.add_argument("--turns", type=int, help="of each way; 7 by default, 3 for variations")
    benchmark.add_argument(
        "--notation", choices=["matlab", "short"], default="matlab", help="of the numbers of variations"
    )
    benchmark.set_defaults(command=_benchmark)


def _add_config_options(parser: argparse.ArgumentParser) -> None:
    """Give the parser one option for each argument of the generator."""
    least, most = Mnist1dConfig().padding
    for field in dataclasses.fields(Mnist1dConfig):
        option = f"--{field.name.replace('_', '-')}"
        if field.name == "seed":
            command_line.add_seed(parser, Mnist1dConfig().seed)
        elif field.name == "shuffle_seq":
            parser.add_argument(option, action="store_true", help="put the points into another order, the same for all")
        elif field.name == "padding":
            parser.add_argument(
                option,
                type=int,
                nargs=2,
                metavar=("LEAST", "MOST"),
                default=field.default,
                help=f"{least} {most} by default",
            )
        else:
            parser.add_argument(
                option, type=type(field.default), default=field.default, help=f"{field.default} by default"
            )


def _add_variation_options(parser: argparse.ArgumentParser, config: VariationConfig) -> None:
    """Give the parser one option for each argument of the generator, with the defaults of one preset."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the .npz to write; must not exist")
    parser.add_argument(
        "--train", type=int, default=TRAIN_ROWS, help=f"images of training digits; {TRAIN_ROWS} by default"
    )
    parser.add_argument("--test", type=int, default=TEST_ROWS, help=f"images of test digits; {TEST_ROWS} by default")
    parser.add_argument("--pictures", type=Path, metavar="FILE", help="an .npy (n, h, w), or .npz, to cut patches from")
    choices = {"background": BackgroundKind, "blend": Blend, "order": Order}
    for field in dataclasses.fields(VariationConfig):
        option, default = f"--{field.name.replace('_', '-')}", getattr(config, field.name)
        if field.name == "seed":
            command_line.add_seed(parser, default)
        elif field.name == "rotate":
            parser.add_argument(
                option, action=argparse.BooleanOptionalAction, default=default, help="whether digits are turned"
            )
        elif field.name in choices:
            parser.add_argument(
                option, choices=get_args(choices[field.name]), default=default, help=f"{default} by default"
            )
        else:
            parser.add_argument(option, type=type(default), default=default, help=f"{default} by default")
    parser.set_defaults(command=_generate_variations)


def _list(options: argparse.Namespace) -> None:
    folder = options.checkpoints or checkpoints_folder()
    rows = [_summarise(name, folder / name) for name in list_releases(folder)]
    form = "{name:<20} {version:<8} {train:>6} + {test:<6} d = {latent_dim:<4} {licence}"
    lines = [f"{row['name']:<20} broken: {row['error']}" if "error" in row else form.format(**row) for row in rows]
    empty = (
        f"no releases in {folder}; fetch one with `python -m ld_data download NAME`, or build one with "
        "`python -m ld_data build SOURCE`"
    )
    command_line.print_result(rows, "\n".join(lines) or empty, options.json, red=["broken:"])


def _summarise(name: str, folder: Path) -> dict[str, Any]:
    try:
        manifest = read_manifest(find_release(folder))
    except LdDataError as error:
        return {"name": name, "error": str(error)}
    return {
        "name": name,
        "version": manifest.release_version,
        "train": manifest.arrays["x_train"].shape[0],
        "test": manifest.arrays["x_test"].shape[0],
        "latent_dim": manifest.latent_dim,
        "licence": manifest.licence,
    }


def _generate(options: argparse.Namespace) -> None:
    from ld_data.mnist1d.files import name_files, write_signals  # what draws progress bars

    values = {field.name: getattr(options, field.name) for field in dataclasses.fields(Mnist1dConfig)}
    config = Mnist1dConfig(**{**values, "padding": tuple(values["padding"])})
    templates = None if options.templates is None else read_npy(options.templates.read_bytes())
    name_files(options.out)  # before anything is made
    plan = plan_mnist1d(config, templates, options.mode)
    files = write_signals(plan, options.out)
    names, train, test, points = [str(file) for file in files], plan.split, plan.rows - plan.split, len(plan.t)
    text = f"wrote {train} + {test} signals of {points} points to {' and '.join(names)}"
    facts = {"files": names, "train": train, "test": test, "points": points}
    command_line.print_result(facts, text, options.json)


def _generate_variations(options: argparse.Namespace) -> None:
    from ld_data.variations.files import check_target, read_pictures, write_variations

    config = VariationConfig(
        **{field.name: getattr(options, field.name) for field in dataclasses.fields(VariationConfig)}
    )
    for name in ("train", "test"):
        check_integer(f"--{name}", getattr(options, name), 1, MAX_ROW)
    check_target(options.out)  # before anything is made
    pictures, arrays = read_pictures(options.pictures) if options.pictures else None, load_mnist()
    train, test = (
        VariationStream(config, arrays[f"x_{split}"], arrays[f"y_{split}"], pictures) for split in ("train", "test")
    )
    write_variations(train, options.train, test, options.test, options.out)
    facts = {"files": [str(options.out)], "train": options.train, "test": options.test, "manner": options.source}
    text = f"wrote {options.train} + {options.test} images in the manner of {options.source} to {options.out}"
    command_line.print_result(facts, text, options.json)


def _benchmark(options: argparse.Namespace) -> None:
    turns = (7 if options.source == "mnist1d" else 3) if options.turns is None else options.turns
    if turns < 1:
        raise InputError(f"--turns must be 1 or more; received {turns}.")
    timings: dict[str, Any]
    if options.source == "mnist1d":
        from ld_data.mnist1d.benchmark import describe_speed, measure_speed  # by a library that only this needs

        timings = measure_speed(turns)
        text = describe_speed(timings)
    else:
        from ld_data.variations.benchmark import describe_reading, measure_reading

        timings = measure_reading(turns, options.notation)
        text = describe_reading(timings)
    result = {way: dataclasses.asdict(timing) for way, timing in timings.items()}
    command_line.print_result(result, text, options.json)


def _build(options: argparse.Namespace) -> None:
    from importlib.metadata import version

    from ld_data.release.builder import BuildPlan, make_dataset, name_release, write_release

    with command_line.quiet_imports():
        import keras  # the framework takes seconds to import, and only this command trains

        from eval.classifiers.judges import find_judge
        from vae.training.train import train_codec

    source = choose_source(options.source, options.source_npz, options.licence)
    recipe = _choose_recipe(options, source)
    goals = {} if options.no_goals else recipe.goals
    judge = find_judge(source.judge)
    backend = keras.backend.backend()
    plan = BuildPlan(
        release=options.release or name_release(source.name, recipe.x.latent_dim, options.recipe),
        seed=options.seed,
        command=_describe_build(options),
        release_version=RELEASE_VERSION,
        libraries={name: version(name) for name in ("keras", backend, "scikit-learn", "tf2onnx", "onnxruntime")},
        judge_sha256="" if judge is None else hash_file(judge),
        change=options.change,
    )
    checkpoints = options.checkpoints or checkpoints_folder()
    check_target(checkpoints / plan.release)  # before the minutes of training, not after them
    if judge is None and any(name.startswith("judge") for name in goals.get("decoded", {})):
        raise MissingDataError(
            f"the goals need a judge of {source.judge}, and there is none in {checkpoints_folder() / 'judges'}. "
            f"Train one with `python -m eval train-judge {source.judge}`, or build with --no-goals."
        )
    codec = train_codec(source, recipe)
    data = make_dataset(source, codec, plan.release, plan.seed)
    report = _examine(data, codec, source, goals)
    command_line.print_result(report.to_values(), report.to_text(), options.json, red=["MISSED"])
    folder = write_release(source, codec, plan, data, report, checkpoints, _make_examples(source, data))
    print(f"built and verified {folder}", file=sys.stderr)


def _choose_recipe(options: argparse.Namespace, source: Source) -> Any:
    changes = {name: getattr(options, name) for name in ("latent_dim", "epochs", "flow_epochs", "seed", "y")}
    return find_recipe(options.recipe or options.source or "images", source).change(**changes)


def _describe_build(options: argparse.Namespace) -> str:
    """Return the command that makes the same arrays, without the folder that it wrote to."""
    words = ["python", "-m", "ld_data", "build", *([options.source] if options.source else [])]
    if options.source_npz is not None:
        words += ["--source-npz", options.source_npz.name]
        words += ["--licence", options.licence]
    for name in ("recipe", "release", "latent_dim", "y", "epochs", "flow_epochs", "seed"):
        if getattr(options, name) is not None:
            words += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    return shlex.join([*words, "--no-goals"] if options.no_goals else words)


def _examine(data: LatentDataset, codec: LatentCodec | None, source: Source | None, goals: Goals) -> HealthReport:
    """Return the health report of a dataset; of what its models keep, too, if they and the source are at hand."""
    from ld_data.health.latents import measure_codec, measure_latents, measure_nulls
    from ld_data.health.probes import decode_test_inputs, measure_errors, measure_probes  # scikit-learn takes a second
    from ld_data.health.variations_kept import measure_kept

    groups = merge(measure_latents(data, progress=True), {"probes": measure_probes(data)})
    if codec is None or source is None:
        goals = keep_measured(goals, groups)
    else:
        with command_line.quiet_imports():
            from eval.classifiers.judges import find_judge, load_judge, read_decoded

        decoded = decode_test_inputs(data, source, codec)
        groups = merge(groups, measure_codec(codec, source), {"decoded": measure_errors(source, decoded)})
        if (judge := find_judge(source.judge)) is not None:
            groups = merge(groups, {"decoded": read_decoded(load_judge(judge), source, decoded)})
        if kept := measure_kept(data, source, decoded["samples"]):
            groups = merge(groups, {"kept": kept})
    return make_report(groups, measure_nulls(data, progress=True), goals)


def _download(options: argparse.Namespace) -> None:
    from ld_data.release.download import fetch_release  # the network stack, which no other command needs

    folder = options.checkpoints or checkpoints_folder()
    delivery = fetch_release(options.name, options.service, folder)
    facts = {"name": options.name, "folder": str(delivery.folder), "version": delivery.version}
    if delivery.fetched:
        text = f"downloaded and verified {delivery.folder}, version {delivery.version}"
    else:
        text = f"{delivery.folder}, version {delivery.version}, is here already and as published: nothing was fetched"
    if folder.resolve() != checkpoints_folder().resolve():
        text += f"\nload it by this folder, or by its name with {CHECKPOINTS_VARIABLE}={folder}"
    command_line.print_result({**facts, "fetched": delivery.fetched}, text, options.json)


def _verify(options: argparse.Namespace) -> None:
    folder, manifest = find_release(options.release), verify(options.release)
    facts = {"path": str(folder), "files": len(manifest.files), "arrays": len(manifest.arrays)}
    text = f"{folder}: {facts['files']} files and {facts['arrays']} arrays are as published"
    command_line.print_result(facts, text, options.json)


def _export(options: argparse.Namespace) -> None:
    data = load(options.release)
    paths = export_dataset(data, options.format, options.out or Path(f"{data.name}-{options.format}"))
    files = {str(path): FileRecord.of(path) for path in paths}
    text = "\n".join(f"{record.sha256}  {path}" for path, record in files.items())
    command_line.print_result({path: dataclasses.asdict(record) for path, record in files.items()}, text, options.json)


def _health(options: argparse.Namespace) -> None:
    data = load(options.release)
    manifest = read_manifest(find_release(options.release))
    source = find_inputs(manifest, options.source_npz) if options.keep else _find_inputs(options, manifest)
    codec = _load_codec(options.release) if source is not None else None
    goals = read_goals(manifest.health)
    if options.keep and source is not None:
        goals = _read_goals(manifest.command, source)
    report = _examine(data, codec, source, goals)
    command_line.print_result(report.to_values(), report.to_text(), options.json, red=["MISSED"])
    if options.keep and source is not None:
        _keep_report(find_release(options.release), report, source)


def _read_goals(command: str, source: Source) -> Goals:
    """Return the goals that the recipe of a build has by now."""
    options = _make_parser().parse_args(shlex.split(command)[3:])
    return {} if options.no_goals else _choose_recipe(options, source).goals


def _keep_report(folder: Path, report: HealthReport, source: Source) -> None:
    from eval.classifiers.judges import find_judge
    from ld_data.release.builder import replace_report

    if report.refused:
        rows = "".join(f"\n  {row}" for row in report.refused)
        raise HealthError(f"{folder.name} misses {len(report.refused)} of its goals, and keeps its old report:{rows}")
    judge = find_judge(source.judge)
    replace_report(folder, report, "" if judge is None else hash_file(judge))
    print(f"{folder} keeps this report", file=sys.stderr)


def _add_examples(options: argparse.Namespace) -> None:
    from ld_data.release.builder import add_examples

    folder = find_release(options.release)
    data = load(folder)
    add_examples(folder, _make_examples(find_inputs(read_manifest(folder), options.source_npz), data))
    place = folder / EXAMPLES_NAME
    command_line.print_result({"path": str(place)}, f"wrote and verified {place}", options.json)


def _make_examples(source: Source, data: LatentDataset) -> Examples:
    from ld_data.health.maps import embed_by_class  # scikit-learn takes a second to import

    return Examples(source.x_test[:INPUT_ROWS], embed_by_class(data, PLACE_ROWS))


def _plots(options: argparse.Namespace) -> None:
    # matplotlib takes a second to import
    from ld_data.health.plots import check_components, draw_latents, draw_models, save_figure
    from ld_data.mnist1d.plots import draw_generator
    from ld_data.variations.plots import draw_variations

    if options.release == "mnist1d":
        figures = draw_generator()
    elif options.release in PRESETS:
        arrays = load_mnist()
        figures = draw_variations(PRESETS[options.release], arrays["x_train"], arrays["y_train"])
    else:
        _check_drawable(options.release)
        check_libraries("onnxruntime")  # before inputs are looked for, as far as the network
        data = load(options.release)
        source = _find_inputs(options, read_manifest(find_release(options.release)))
        check_components(options.components, data.latent_dim)
        figures = draw_latents(data)
        if source is not None:
            codec = _load_codec(options.release)
            figures = itertools.chain(figures, draw_models(data, codec, source, options.components))
    options.out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in figures:
        paths.append(str(options.out / f"{name}.png"))
        save_figure(figure, Path(paths[-1]))
        if not options.json:
            print(paths[-1])  # at once, as some take long to draw
    if options.json:
        command_line.print_result({"files": paths}, "", as_json=True)


def _check_drawable(name: str) -> None:
    try:
        find_release(name)
    except UnknownNameError as error:
        raise UnknownNameError(f"{error} Or name a generator: {', '.join(['mnist1d', *PRESETS])}.") from error


def _find_inputs(options: argparse.Namespace, manifest: Manifest) -> Source | None:
    """Return the source of a release; None, with a word on stderr, if its inputs are not at hand."""
    try:
        return find_inputs(manifest, options.source_npz)
    except (MissingDataError, DownloadError, UnknownNameError) as error:
        print(f"without the inputs, what the models make of them is left out: {error}", file=sys.stderr)
        return None


def _load_codec(name: str) -> LatentCodec:
    with command_line.quiet_imports():
        import vae
    return vae.load(name)


if __name__ == "__main__":
    sys.exit(main())
