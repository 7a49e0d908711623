"""The subcommands of `python -m api` that measure: `benchmark` and `soak`."""

import argparse
import sys
from dataclasses import asdict

import ld_data
from api.benchmark.options import SECTIONS, Options
from ld_data import command_line
from ld_data.errors import HealthError
from ld_data.release import find_release

QUICK = {"rounds": 1, "seconds": 0.2, "overload_seconds": 0.5}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands, each with its own function as `command`; without one the parser's own is kept."""
    commands = parser.add_subparsers(metavar="COMMAND", title="measuring instead of serving")

    benchmark = commands.add_parser("benchmark", help="how fast the service is, beside its machine and alternatives")
    benchmark.add_argument(
        "--release", default="ld-mnist-32", help="a release's name or folder; ld-mnist-32 by default"
    )
    sections = "; ".join(f"{name}: {what}" for name, what in SECTIONS.items())
    benchmark.add_argument("--only", nargs="+", choices=SECTIONS, metavar="NAME", help=sections)
    benchmark.add_argument(
        "--alternatives",
        default=sys.executable,
        metavar="PYTHON",
        help="the interpreter of an environment with api/benchmark/requirements.txt; this one by default",
    )
    benchmark.add_argument("--rounds", type=int, default=Options.rounds, help="turns of each part")
    benchmark.add_argument("--seconds", type=float, default=Options.seconds, help="of one turn")
    benchmark.add_argument("--quick", action="store_true", help="only to see that it runs: its figures mean nothing")
    benchmark.add_argument("--json", action="store_true", help="print JSON")
    benchmark.set_defaults(command=_benchmark)

    soaking = commands.add_parser("soak", help="whether the service lasts under visitors of all kinds")
    soaking.add_argument("--release", default="ld-mnist-32", help="a release's name or folder; ld-mnist-32 by default")
    soaking.add_argument("--minutes", type=float, default=10.0)
    soaking.add_argument("--workers", type=int, default=1, help="of two or more processes one is killed half-way")
    soaking.add_argument("--json", action="store_true", help="print JSON")
    soaking.set_defaults(command=_soak)


def _benchmark(options: argparse.Namespace) -> None:
    from api.benchmark.goals import judge
    from api.benchmark.machine import describe_machine
    from api.benchmark.suite import run
    from api.benchmark.table import describe

    chosen = {"rounds": options.rounds, "seconds": options.seconds} | (QUICK if options.quick else {})
    folder = find_release(options.release)
    results = run(Options(folder, options.alternatives, options.only or tuple(SECTIONS), **chosen))
    machine = describe_machine(options.alternatives)
    goals = [
        {"work": verdict.goal.work, "wanted": verdict.goal.wanted, "measured": verdict.figure, "met": verdict.is_met}
        for verdict in judge(results)
    ]
    command_line.print_result(
        {"machine": machine, **asdict(results), "goals": goals}, describe(results, machine), options.json
    )


def _soak(options: argparse.Namespace) -> None:
    from api.benchmark.soak import describe_soak, soak

    folder = find_release(options.release)
    result = soak(ld_data.load(folder), folder, options.minutes, options.workers)
    command_line.print_result(asdict(result), describe_soak(result), options.json)
    if result.surprises:
        raise HealthError(f"{len(result.surprises)} surprises. The first: {result.surprises[0]}.")
