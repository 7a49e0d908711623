"""The command line of the datasets: `python -m ld_data`."""

import argparse
import dataclasses
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ld_data import command_line
from ld_data.arrays import write_npz
from ld_data.builder import BuildPlan, build_release, name_release
from ld_data.download import download_release
from ld_data.errors import InputError, LdDataError
from ld_data.health import make_health_report
from ld_data.locations import checkpoints_folder
from ld_data.manifest import Manifest, read_manifest
from ld_data.mnist1d import Mnist1dConfig, make_mnist1d
from ld_data.release import check_target, find_release, list_releases, load, verify
from ld_data.source import SOURCES, load_source
from ld_data.staging import make_staging_folder

DEFAULT_SERVICE = "http://127.0.0.1:8000"
RELEASE_VERSION = "1.0.0"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name."""
    options = _make_parser().parse_args(arguments)
    return command_line.run(lambda: options.command(options))


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m ld_data", description="Latent datasets: list, make, fetch and check them."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="the releases at hand")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(command=_list)

    generate = commands.add_parser("generate", help="raw signals from a generator, as .npz")
    generate.add_argument("source", choices=["mnist1d"])
    generate.add_argument("--out", type=Path, required=True, help="the .npz file to write; must not exist")
    _add_config_options(generate)
    generate.set_defaults(command=_generate)

    build = commands.add_parser("build", help="train, encode, write and verify a release")
    build.add_argument("source", choices=list(SOURCES))
    build.add_argument("--release", help="its name; ld-SOURCE-D by default")
    build.add_argument("--latent-dim", type=int, help="d, 2 or more; 32 by default")
    build.add_argument(
        "--y", choices=["cells", "gaussian"], default="cells", help="exact cells, or a trained class VAE"
    )
    build.add_argument("--epochs", type=int, help="passes over the training inputs")
    build.add_argument("--beta", type=float, help="weight of the rate")
    build.add_argument("--seed", type=int, default=0)
    build.add_argument("--json", action="store_true", help="print the health report as JSON")
    build.add_argument("--checkpoints", type=Path, help="the folder of releases to write into")
    build.set_defaults(command=_build)

    download = commands.add_parser("download", help="fetch a release from a service")
    download.add_argument("name")
    download.add_argument("--from", dest="service", default=DEFAULT_SERVICE, metavar="URL", help=DEFAULT_SERVICE)
    download.add_argument("--checkpoints", type=Path, help="the folder of releases to write into")
    download.set_defaults(command=_download)

    check = commands.add_parser("verify", help="check every hash of a release")
    check.add_argument("path", help="a release's name or folder")
    check.set_defaults(command=_verify)

    health = commands.add_parser("health", help="how far a release's latents are from N(0, I)")
    health.add_argument("name", help="a release's name or folder")
    health.add_argument("--json", action="store_true", help="print JSON")
    health.set_defaults(command=_health)
    return parser


def _add_config_options(parser: argparse.ArgumentParser) -> None:
    """Give the parser one option for each argument of the generator."""
    for field in dataclasses.fields(Mnist1dConfig):
        option = f"--{field.name.replace('_', '-')}"
        if field.name == "shuffle_seq":
            parser.add_argument(option, action="store_true")
        elif field.name == "padding":
            parser.add_argument(option, type=int, nargs=2, metavar=("LEAST", "MOST"), default=field.default)
        else:
            parser.add_argument(option, type=type(field.default), default=field.default, help=f"{field.default}")


def _list(options: argparse.Namespace) -> None:
    rows = [_summarise(name) for name in list_releases()]
    form = "{name:<20} {version:<8} {train:>6} + {test:<6} d = {latent_dim:<4} {licence}"
    lines = [f"{row['name']:<20} broken: {row['error']}" if "error" in row else form.format(**row) for row in rows]
    empty = f"no releases in {checkpoints_folder()}; build one with `python -m ld_data build SOURCE`"
    command_line.print_result(rows, "\n".join(lines) or empty, options.json)


def _summarise(name: str) -> dict[str, Any]:
    try:
        manifest = read_manifest(find_release(name))
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
    values = {field.name: getattr(options, field.name) for field in dataclasses.fields(Mnist1dConfig)}
    config = Mnist1dConfig(**{**values, "padding": tuple(values["padding"])})
    if options.out.suffix != ".npz":
        raise InputError(f"--out must name an .npz file; received {options.out}.")
    if not options.out.parent.is_dir():
        raise InputError(f"there is no folder {options.out.parent} to write {options.out.name} into. Make it first.")
    if options.out.exists():
        raise InputError(f"{options.out} exists and is not overwritten. Choose another name.")
    data = make_mnist1d(config)
    names = ("x", "y", "x_test", "y_test", "t")
    with make_staging_folder(options.out.parent, options.out.name) as staging:
        write_npz(staging / options.out.name, {name: getattr(data, name) for name in names})
        (staging / options.out.name).rename(options.out)
    print(f"wrote {len(data.x)} + {len(data.x_test)} signals of {len(data.t)} points to {options.out}")


def _build(options: argparse.Namespace) -> None:
    with command_line.quiet_imports():
        import keras  # the framework takes seconds to import, and only this command trains

        from vae.config import find_recipe
        from vae.training import train_codec

    backend = keras.backend.backend()
    changes = {"latent_dim": options.latent_dim, "epochs": options.epochs, "beta": options.beta}
    config = find_recipe(options.source, seed=options.seed, **changes)
    plan = BuildPlan(
        release=options.release or name_release(options.source, config.latent_dim),
        seed=options.seed,
        command=_describe_build(options),
        release_version=RELEASE_VERSION,
        libraries={"keras": keras.__version__, backend: version(backend)},
    )
    checkpoints = options.checkpoints or checkpoints_folder()
    check_target(checkpoints / plan.release)  # before the minutes of training, not after them
    source = load_source(options.source)
    codec = train_codec(source, config, options.y)
    folder = build_release(source, codec, plan, checkpoints)
    manifest = verify(folder)
    text = f"built and verified {folder}\n{_format_health(manifest, manifest.health)}"
    command_line.print_result(manifest.health, text, options.json)


def _describe_build(options: argparse.Namespace) -> str:
    """Return the command that makes the same arrays, without the folder that it wrote to."""
    words = ["python", "-m", "ld_data", "build", options.source, "--seed", str(options.seed), "--y", options.y]
    for name in ("release", "latent_dim", "epochs", "beta"):
        if getattr(options, name) is not None:
            words += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    return shlex.join(words)


def _download(options: argparse.Namespace) -> None:
    folder = download_release(options.name, options.service, options.checkpoints or checkpoints_folder())
    print(f"downloaded and verified {folder}")


def _verify(options: argparse.Namespace) -> None:
    manifest = verify(options.path)
    print(
        f"{find_release(options.path)}: {len(manifest.files)} files and {len(manifest.arrays)} arrays are as published"
    )


def _health(options: argparse.Namespace) -> None:
    data = load(options.name)
    report = make_health_report(data)
    command_line.print_result(report, _format_health(data.manifest, report), options.json)


def _format_health(manifest: Manifest | None, report: dict[str, dict[str, float]]) -> str:
    lines = ["           worst |mean|   std of components   worst |correlation|"]
    for name, row in report.items():
        stds = f"{row['least_std']:.3f} to {row['greatest_std']:.3f}"
        lines.append(f"{name:<10} {row['worst_mean']:>12.4f}   {stds:>17}   {row['worst_correlation']:>19.4f}")
    shares = [report[name]["decoded_accuracy"] for name in ("y_train", "y_test")]
    lines.append(f"y that decodes to its own class: train {shares[0]:.2%}, test {shares[1]:.2%}")
    if manifest is not None:
        lines.append(f"null {manifest.null:.4f} and floor {manifest.floor:.4f} in closed form")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
