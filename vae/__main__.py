"""The command line of the models: `python -m vae`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ld_data import command_line
from ld_data.errors import InputError
from ld_data.source import SOURCES, load_source
from ld_data.staging import make_staging_folder
from vae.codec import load
from vae.recipes import find_recipe
from vae.training import train_codec


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name."""
    options = _make_parser().parse_args(arguments)
    return command_line.run(lambda: options.command(options))


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m vae", description="The models of latent datasets: train and look at them."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train the models of a source into a folder")
    train.add_argument("source", choices=list(SOURCES))
    train.add_argument("--out", type=Path, required=True, help="the folder to write; must not exist")
    train.add_argument("--latent-dim", type=int, help="d, 2 or more; 32 by default")
    train.add_argument("--recipe", help="how: that of the source by default, or ld-mnist-v3, as the predecessor did")
    train.add_argument("--y", choices=["cells", "gaussian"], help="exact cells, or a trained class VAE")
    train.add_argument("--epochs", type=int, help="passes over the training inputs")
    train.add_argument("--flow-epochs", type=int, help="passes of the flow alone")
    train.add_argument("--seed", type=int, default=0)
    train.set_defaults(command=_train)

    info = commands.add_parser("info", help="the configuration of a release's models")
    info.add_argument("release", help="a release's name or folder")
    info.add_argument("--json", action="store_true", help="print JSON")
    info.set_defaults(command=_info)
    return parser


def _train(options: argparse.Namespace) -> None:
    if options.out.exists():
        raise InputError(f"{options.out} exists and is not overwritten. Choose another name.")
    source = load_source(options.source)
    changes = {name: getattr(options, name) for name in ("latent_dim", "epochs", "flow_epochs", "seed", "y")}
    codec = train_codec(source, find_recipe(options.recipe or options.source, source).change(**changes))
    with make_staging_folder(options.out.parent, options.out.name) as staging:
        codec.save(staging)
        staging.rename(options.out)
    print(f"wrote the models to {options.out}; load them with vae.load({str(options.out.resolve())!r})")


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


if __name__ == "__main__":
    sys.exit(main())
