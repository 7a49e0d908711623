"""The subcommands of `python -m api` that measure: `benchmark` and `soak`."""

import sys
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from api.errors import StartError
from ld_data.cli.libraries import needs
from ld_data.cli.options import Json, Release
from ld_data.cli.output import print_result
from ld_data.errors import HealthError
from ld_data.extras import list_libraries
from ld_data.release.folder import find_release

SERVERS = list_libraries("serve", "codec")  # all of them: a process that lacks one only fails to start
SECTIONS = {
    "requests": "the service, beside itself without any computing",
    "workers": "the service with two processes",
    "others": "the alternatives",
    "large": "10,000 rows a request, alone and beside a small one",
    "download": "data.npz, beside nginx",
    "overload": "ten times the capacity",
    "start": "seconds to the first answer, and memory",
}
SECTIONS_HELP = "; ".join(f"{name}: {what}" for name, what in SECTIONS.items())


@needs(*SERVERS)
def benchmark(
    *,
    release: Release = "ld-mnist-32",
    only: Annotated[
        tuple[str, ...] | None,
        Parameter(choices=tuple(SECTIONS), consume_multiple=(1, None), show_choices=False, help=SECTIONS_HELP),
    ] = None,
    alternatives: Annotated[str, Parameter(metavar="PYTHON", show_default=False)] = sys.executable,
    turns: int = 5,
    seconds: float = 2.0,
    as_json: Json = False,
) -> None:
    """Measure how fast the service is, beside alternatives.

    Args:
        alternatives: The interpreter of an environment with api/benchmark/requirements.txt; this one by default.
        turns: Turns of each part.
        seconds: Seconds of one turn.
    """
    from api.benchmark import suite, table  # late: these need the libraries of the service

    results = suite.run(find_release(release), alternatives, only or tuple(SECTIONS), turns, seconds)
    facts = table.describe_machine(alternatives)
    print_result({"machine": facts, **asdict(results)}, table.describe(results, facts), as_json)
    if results.missing and not (results.samples or results.figures):
        name, reason = next(iter(results.missing.items()))
        raise StartError(f"nothing could be measured, as nothing started. {name}: {reason}")


@needs(*SERVERS)
def soak(*, release: Release = "ld-mnist-32", minutes: float = 10.0, workers: int = 1, as_json: Json = False) -> None:
    """Test whether the service lasts under visitors of all kinds.

    Args:
        minutes: How long.
        workers: How many processes serve; of two or more one is killed.
    """
    from api.benchmark import soak as soaking  # late: it needs the libraries of the service

    result = soaking.soak(find_release(release), minutes, workers)
    print_result(asdict(result), soaking.describe_soak(result), as_json, red=["SURPRISE:"])
    if result.surprises:
        raise HealthError(f"{len(result.surprises)} surprises. The first: {result.surprises[0]}.")
