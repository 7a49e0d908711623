"""What `python -m api` does: serve, or measure."""

import argparse
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import get_args

import vae
from api.benchmark.commands import add_commands
from api.processes import Service, serve
from api.request_log import Form, Level
from eval.store import Store
from ld_data import command_line
from ld_data.errors import InputError
from ld_data.locations import checkpoints_folder, scores_place


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted, or measure if a subcommand says so, and return the exit status."""
    options = _make_parser().parse_args(arguments)
    return command_line.run(lambda: options.command(options))


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m api", description="Serve the releases in the checkpoints folder.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--checkpoints", type=Path, help="the folder of releases; checkpoints/ by default")
    parser.add_argument(
        "--scores",
        metavar="PLACE",
        help="the leaderboard's file or database URL; by default LD_DATA_SCORES, or scores.sqlite beside checkpoints/",
    )
    parser.add_argument("--workers", type=int, default=1, help="processes that serve; as many as cores are of use")
    parser.add_argument("--log", choices=get_args(Form), default="text", help="how stderr is written")
    parser.add_argument(
        "--log-level",
        choices=get_args(Level),
        help="warning by default; info, a line for each request, with --log json",
    )
    parser.set_defaults(command=_serve)
    add_commands(parser)
    return parser


def _serve(options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that temporary files are deleted then, too
    checkpoints = (options.checkpoints or checkpoints_folder()).resolve()
    if not checkpoints.is_dir():
        raise InputError(f"{checkpoints} is not a folder. Name the folder of the releases with --checkpoints.")
    if options.workers < 1:
        raise InputError(f"the service needs 1 worker or more; --workers is {options.workers}.")
    place = options.scores or scores_place(checkpoints)
    _check_store(place)
    with _listen(options.host, options.port) as listener:
        level: Level = options.log_level or ("info" if options.log == "json" else "warning")
        serve(Service(checkpoints, place, vae.load, options.workers, options.log, level), listener)


def _check_store(place: str) -> None:
    """Raise `InputError` or `StorageError` if the store cannot be used; tell of scores that it holds in vain."""
    with closing(Store(place)) as store:
        older = store.count_older_scores()
    if older:
        print(
            f"{older} scores of an older version stay in the table scores of {place}. Their predictions were not kept, "
            "so that they cannot be verified and are not ranked: submit them again.",
            file=sys.stderr,
        )


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, taken before the releases are loaded, so that a taken port is told at once."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host}, port {port} ({error}). Choose another with --port or --host."
        ) from error
