"""The command line of the datasets: `python -m ld_data`."""

import sys
from collections.abc import Sequence

from cyclopts import App

from ld_data.cli.program import add_command, make_program, run

EXPORT = "Write a release as Parquet, safetensors, CSV, .npz or .npy files."
COMMANDS = (  # function, name, summary, example
    ("releases:list_all", "list", "List the installed releases.", "--json"),
    (
        "benchmark:benchmark",
        "benchmark",
        "Compare a generator or a parser with the original, or measure what shards cost.",
        "mnist1d",
    ),
    ("build:build", "build", "Train, encode, examine, write and verify a release.", "mnist1d --latent-dim 8 --seed 1"),
    (
        "download:download",
        "download",
        "Fetch a release from a mirror or a service.",
        "ld-mnist-32 --from http://127.0.0.1:8000",
    ),
    ("verification:verify", "verify", "Check every hash of a release.", "checkpoints/ld-mnist-32"),
    ("releases:export", "export", EXPORT, "ld-mnist1d-32 --format csv"),
    ("releases:publish", "publish", "Lay releases out for a data hub or a web server.", "--to hub"),
    ("health:health", "health", "Measure how far a release's latents are from N(0, I).", "ld-mnist-32"),
    ("shifts:shifts", "shifts", "Put shifted test sets into a release.", "ld-mnist-32"),
    ("health:plots", "plots", "Draw a release, or a generator.", "ld-mnist-32 --out plots"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name."""
    return run(make_app(), arguments)


def make_app() -> App:
    """Return the program with its commands."""
    app = make_program("ld_data", "Latent datasets: list, make, fetch and check them.", "list")
    app.command("ld_data.commands.generate:app", name="generate", help="Write raw signals or images from a generator.")
    app.command("ld_data.commands.shards:app", name="shards", help="Make releases of any number of rows, in shards.")
    for function, name, summary, example in COMMANDS:
        add_command(app, f"ld_data.commands.{function}", name, summary, example)
    return app


if __name__ == "__main__":
    sys.exit(main())
