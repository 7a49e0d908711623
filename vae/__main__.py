"""The command line of the models: `python -m vae`."""

import sys
from collections.abc import Sequence

from cyclopts import App

from ld_data.cli.program import add_command, make_program, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name."""
    return run(make_app(), arguments)


def make_app() -> App:
    """Return the program with its commands."""
    app = make_program("vae", "The models of latent datasets: train and inspect them.", "info ld-mnist-32")
    for name, summary, example in (
        ("train", "Train the models of a source into a folder.", "mnist1d --out models"),
        ("info", "Show the configuration of a release's models.", "ld-mnist-32"),
        (
            "export-triton",
            "Write a release's models as a model repository of Triton Inference Server.",
            "ld-mnist1d-32 --out repository",
        ),
        (
            "readability",
            "Build a source at several readabilities, and compare what they cost.",
            "mnist1d --levels 10 60 --figure prices.png",
        ),
        (
            "decoders",
            "Compare a release's decoder with others: quality, size and speed.",
            "ld-mnist1d-32 --only dense-512-512 --steps 100",
        ),
    ):
        add_command(app, f"vae.commands:{name.replace('-', '_')}", name, summary, example)
    return app


if __name__ == "__main__":
    sys.exit(main())
