"""The command that measures how fast the generators, the parser and the making of shards are."""

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from cyclopts import Parameter

import vae
from ld_data.checks import check_integer
from ld_data.cli.options import Json
from ld_data.cli.output import print_result, tell
from ld_data.errors import InputError, StorageError
from ld_data.shards.benchmark.costs import QUICK, Sizes, measure_costs
from ld_data.shards.benchmark.kills import survive_kills
from ld_data.shards.benchmark.table import describe_costs, describe_toll
from ld_data.variations.benchmark import describe_reading, measure_reading


def benchmark(
    subject: Literal["mnist1d", "variations", "shards"],
    /,
    *,
    turns: int | None = None,
    notation: Literal["matlab", "short"] = "matlab",
    quick: bool = False,
    kills: int | None = None,
    folder: Annotated[Path | None, Parameter(metavar="DIR")] = None,
    as_json: Json = False,
) -> None:
    """Compare a generator or a parser with the original, or measure what shards cost.

    Args:
        subject: The generator of mnist1d, the parser of published variations, or shards, by Dask on this machine.
        turns: Turns of each way; 7 by default, 3 for variations.
        notation: The notation of the numbers of variations.
        quick: Less of everything, by the same code.
        kills: In place of the costs of shards, kill processes that make some so many times, and check what is left.
        folder: The folder in which shards are made, for a while; by default that of temporary files.
    """
    if subject != "shards" and (quick or kills is not None or folder):
        raise InputError("--quick, --kills and --folder belong to `benchmark shards`.")
    if subject == "shards":
        _measure_shards(QUICK if quick else Sizes(), kills, folder, as_json)
        return
    turns = (7 if subject == "mnist1d" else 3) if turns is None else turns
    if turns < 1:
        raise InputError(f"--turns must be 1 or more; received {turns}.")
    timings: dict[str, Any]
    if subject == "mnist1d":
        from ld_data.mnist1d.benchmark import describe_speed, measure_speed  # late: light installations lack a library

        timings = measure_speed(turns)
        text = describe_speed(timings)
    else:
        timings = measure_reading(turns, notation)
        text = describe_reading(timings)
    print_result({way: asdict(timing) for way, timing in timings.items()}, text, as_json)


def _measure_shards(sizes: Sizes, kills: int | None, folder: Path | None, as_json: bool) -> None:
    with TemporaryDirectory(prefix="ld-data-shards-", dir=folder) as place:
        if kills is None:
            costs = measure_costs(Path(place), vae.load, sizes, tell)
            print_result(asdict(costs), describe_costs(costs), as_json)
            return
        toll = survive_kills(Path(place), vae.load, check_integer("--kills", kills, 1, 10_000), tell)
        print_result(asdict(toll), describe_toll(toll), as_json)
        if not toll.is_clean:
            raise StorageError("kills damaged a release. Report this as a bug.")
