"""What `python -m api` does: serve, or measure."""

import argparse
import gc
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import get_args

import vae
from api.benchmark.commands import SERVERS, add_commands
from api.settings import Form, Level
from ld_data.checks import check_integer
from ld_data.cli import parser as command_line
from ld_data.errors import InputError
from ld_data.settings import checkpoints_folder, scores_place

MAX_PORT = 2**16 - 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted, or measure if a subcommand says so, and return the exit status."""
    return command_line.run_parser(_make_parser(), arguments)


def _make_parser() -> argparse.ArgumentParser:
    parser = command_line.make_parser("api", "Serve the releases in the checkpoints folder.", "--port 8001")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at; 127.0.0.1 by default")
    parser.add_argument("--port", type=int, default=8000, help="8000 by default")
    command_line.add_checkpoints(parser)
    command_line.add_scores(parser)
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        help="how many processes serve, 1 by default; one for each core is the most of use",
    )
    parser.add_argument("--log", choices=get_args(Form), default="text", help="how stderr is written")
    parser.add_argument(
        "--log-level",
        choices=get_args(Level),
        help="warning by default; info, a line for each request, with --log json",
    )
    parser.set_defaults(command=_serve, needs=SERVERS)
    add_commands(parser)
    return parser


def _serve(options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that temporary files are deleted then, too
    checkpoints = (options.checkpoints or checkpoints_folder()).resolve()
    if not checkpoints.is_dir():
        raise InputError(f"{checkpoints} is not a folder. Name the folder of the releases with --checkpoints.")
    check_integer("--port", options.port, 0, MAX_PORT)
    if options.workers < 1:
        raise InputError(f"the service needs 1 worker or more; --workers is {options.workers}.")
    with _spare_garbage_collection():  # half a second, which who only asks for help need not wait
        from api.server import Service, serve
        from eval.leaderboard.store import Store

    place = options.scores or scores_place(checkpoints)
    with closing(Store(place)):  # before the releases are loaded, so that a useless place is reported at once
        pass
    with _listen(options.host, options.port) as listener:
        level: Level = options.log_level or ("info" if options.log == "json" else "warning")
        serve(Service(checkpoints, place, vae.load, options.workers, options.log, level), listener)


@contextmanager
def _spare_garbage_collection() -> Iterator[None]:
    """Import in this block: among what is imported there is no garbage; to look for it takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, taken before the releases are loaded, so that a taken port is told at once."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"cannot listen on {host}, port {port} ({error}). Choose another with --port or --host, or "
            "with `make serve PORT=...`."
        ) from error
