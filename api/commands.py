"""The commands of `python -m api`: serve, or measure."""

import gc
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import Annotated

from cyclopts import App, Parameter

from api.settings import Access, Form, Level
from ld_data.checks import check_integer
from ld_data.cli.libraries import needs
from ld_data.cli.options import Checkpoints, Scores
from ld_data.cli.program import add_command, make_program, run
from ld_data.errors import InputError, MissingDataError
from ld_data.extras import list_libraries
from ld_data.settings import checkpoints_folder, scores_place

MAX_PORT = 2**16 - 1
Origins = Annotated[
    tuple[str, ...],
    Parameter(help="An origin whose pages may send requests, such as https://example.org; * for all. Repeatable."),
]
MEASURING = "api.benchmark.commands"  # in a checkout only: an installed wheel does not have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted, or run the subcommand that the arguments name; return the exit status."""
    return run(make_app(), arguments)


def make_app() -> App:
    """Return the program with its subcommands."""
    app = make_program("api", "Serve the releases in the checkpoints folder.", "--port 8001")
    app.default(serve)
    measured = find_spec("api.benchmark") is not None
    for name, summary, example in (
        ("benchmark", "Measure how fast the service is, beside alternatives.", "--only requests start"),
        ("soak", "Test whether the service lasts under visitors of all kinds.", "--minutes 10"),
    ):
        add_command(app, f"{MEASURING}:{name}" if measured else refuse_measuring, name, summary, example)
    return app


def refuse_measuring(*_words: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]) -> None:
    """Raise `MissingDataError`: measuring needs a checkout."""
    raise MissingDataError("benchmark and soak need a checkout of LD-Data: an installed package does not have them.")


@needs(*list_libraries("serve", "codec"))
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    checkpoints: Checkpoints = None,
    scores: Scores = None,
    workers: int = 1,
    log: Form = "text",
    log_level: Level | None = None,
    forwarded_allow_ips: str = "",
    root_path: str = "",
    allow_origin: Origins = (),
) -> None:
    """Serve the releases in the checkpoints folder.

    Args:
        host: The address to listen at.
        port: The port to listen at.
        workers: How many processes serve; more than one for each core do not help.
        log: The format of stderr.
        log_level: warning by default; with --log json info, a line for each request.
        forwarded_allow_ips: Proxies whose X-Forwarded-* are believed, such as 127.0.0.1,10.0.0.0/8; none by default.
        root_path: A path that a proxy takes off, such as /ld: all addresses that the service gives begin with it.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that temporary files are deleted then, too
    folder = (checkpoints or checkpoints_folder()).resolve()
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder. Name the folder of the releases with --checkpoints.")
    check_integer("--port", port, 0, MAX_PORT)
    access = Access(root_path, allow_origin, forwarded_allow_ips)
    if workers < 1:
        raise InputError(f"the service needs 1 worker or more; --workers is {workers}.")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it searches all installed libraries for some
    with _spare_garbage_collection():
        import vae  # late, like these: the service takes 0.5 s, the models 0.1 s
        from api import server
        from eval.leaderboard.store import Store

        place = scores or scores_place(folder)
        with closing(Store(place)):  # before the releases are loaded, to refuse a wrong place at once
            pass
        with _listen(host, port) as listener:
            level: Level = log_level or ("info" if log == "json" else "warning")
            server.serve(server.Service(folder, place, vae.load, workers, log, level, access), listener)


@contextmanager
def _spare_garbage_collection() -> Iterator[None]:
    """Do not search for garbage in this block until the service is settled: it took a third of the time of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, taken before the releases are loaded, to refuse a taken port at once."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"cannot listen on {host}, port {port} ({error}). Choose another with --port or --host, or "
            "with `make serve PORT=...`."
        ) from error
