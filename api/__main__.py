"""The command line of the service: `python -m api`."""

import argparse
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

import vae
from api.app import make_app
from api.catalogue import Catalogue
from eval.store import Store
from eval.tokens import Tokens
from ld_data import command_line
from ld_data.errors import InputError
from ld_data.locations import checkpoints_folder, scores_place


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted, and return the exit status."""
    options = _make_parser().parse_args(arguments)
    return command_line.run(lambda: _serve(options))


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
    return parser


def _serve(options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that temporary files are deleted then, too
    checkpoints = (options.checkpoints or checkpoints_folder()).resolve()
    if not checkpoints.is_dir():
        raise InputError(f"{checkpoints} is not a folder. Name the folder of the releases with --checkpoints.")
    store = _open_store(options.scores or scores_place(checkpoints))
    with _listen(options.host, options.port) as listener, Catalogue() as catalogue:
        catalogue.add_all(checkpoints, vae.load)
        names = [release.manifest.name for release in catalogue.ready]
        host, port = listener.getsockname()[:2]
        print(f"serving {', '.join(names) or 'no releases'} at http://{host}:{port}", flush=True)
        app = make_app(catalogue, store, tokens=Tokens.of())
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def _open_store(place: str) -> Store:
    store = Store(place)
    if older := store.count_older_scores():
        print(
            f"{older} scores of an older version stay in the table scores of {place}. Their predictions were not kept, "
            "so that they cannot be verified and are not ranked: submit them again.",
            file=sys.stderr,
        )
    return store


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, taken before the releases are loaded, so that a taken port is told at once."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host}, port {port} ({error}). Choose another with --port or --host."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
