"""The subcommands of `python -m api` that measure: `benchmark` and `soak`."""

import argparse
import sys
from dataclasses import asdict

from api.benchmark.options import SECTIONS, Options
from ld_data.cli import parser as command_line
from ld_data.errors import HealthError, StartError
from ld_data.release.folder import find_release

SERVERS = (  # what serves, all of it: of a process that lacks something it is told only that it did not start
    "fastapi",
    "orjson",
    "prometheus_client",
    "pydantic",
    "sqlalchemy",
    "alembic",
    "uvicorn",
    "onnxruntime",
)
QUICK = {"rounds": 1, "seconds": 0.2, "overload_seconds": 0.5}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands, each with its own function as `command`; without one the parser's own is kept."""
    commands = parser.add_subparsers(metavar="COMMAND", title="measuring instead of serving")

    benchmark = command_line.add_command(
        commands,
        "benchmark",
        help="how fast the service is, beside its machine and alternatives",
        example="--only requests start",
        needs=SERVERS,
    )
    command_line.add_default_release(benchmark)
    sections = "; ".join(f"{name}: {what}" for name, what in SECTIONS.items())
    benchmark.add_argument("--only", nargs="+", choices=SECTIONS, metavar="NAME", help=sections)
    benchmark.add_argument(
        "--alternatives",
        default=sys.executable,
        metavar="PYTHON",
        help="the interpreter of an environment with api/benchmark/requirements.txt; this one by default",
    )
    benchmark.add_argument(
        "--turns", "--rounds", type=int, default=Options.rounds, help=f"of each part; {Options.rounds} by default"
    )
    benchmark.add_argument(
        "--seconds", type=float, default=Options.seconds, help=f"of one turn; {Options.seconds:g} by default"
    )
    benchmark.add_argument("--quick", action="store_true", help="only to see that it runs: its figures mean nothing")
    benchmark.set_defaults(command=_benchmark)

    soaking = command_line.add_command(
        commands,
        "soak",
        help="whether the service lasts under visitors of all kinds",
        example="--minutes 10",
        needs=SERVERS,
    )
    command_line.add_default_release(soaking)
    soaking.add_argument("--minutes", type=float, default=10.0, help="how long; 10 by default")
    soaking.add_argument(
        "--workers", type=int, default=1, help="how many processes serve, 1 by default; of two or more one is killed"
    )
    soaking.set_defaults(command=_soak)


def _benchmark(options: argparse.Namespace) -> None:
    from api.benchmark.machine import describe_machine
    from api.benchmark.suite import run
    from api.benchmark.table import describe

    chosen = {"rounds": options.turns, "seconds": options.seconds} | (QUICK if options.quick else {})
    folder = find_release(options.release)
    results = run(Options(folder, options.alternatives, options.only or tuple(SECTIONS), **chosen))
    machine = describe_machine(options.alternatives)
    command_line.print_result({"machine": machine, **asdict(results)}, describe(results, machine), options.json)
    if results.missing and not (results.samples or results.figures):
        name, reason = next(iter(results.missing.items()))
        raise StartError(f"nothing could be measured, as nothing started. {name}: {reason}")


def _soak(options: argparse.Namespace) -> None:
    from api.benchmark.soak.soak import describe_soak, soak

    folder = find_release(options.release)
    result = soak(folder, options.minutes, options.workers)
    command_line.print_result(asdict(result), describe_soak(result), options.json, red=["SURPRISE:"])
    if result.surprises:
        raise HealthError(f"{len(result.surprises)} surprises. The first: {result.surprises[0]}.")
