"""The command that measures how fast the generators and the parser are."""

from dataclasses import asdict
from typing import Any, Literal

from ld_data.cli.options import Json
from ld_data.cli.output import print_result
from ld_data.errors import InputError
from ld_data.variations.benchmark import describe_reading, measure_reading


def benchmark(
    source: Literal["mnist1d", "variations"],
    /,
    *,
    turns: int | None = None,
    notation: Literal["matlab", "short"] = "matlab",
    as_json: Json = False,
) -> None:
    """Compare the speed of a generator or a parser with the original.

    Args:
        source: The generator of mnist1d, or the parser of published variations.
        turns: Turns of each way; 7 by default, 3 for variations.
        notation: The notation of the numbers of variations.
    """
    turns = (7 if source == "mnist1d" else 3) if turns is None else turns
    if turns < 1:
        raise InputError(f"--turns must be 1 or more; received {turns}.")
    timings: dict[str, Any]
    if source == "mnist1d":
        from ld_data.mnist1d.benchmark import describe_speed, measure_speed  # late: light installations lack a library

        timings = measure_speed(turns)
        text = describe_speed(timings)
    else:
        timings = measure_reading(turns, notation)
        text = describe_reading(timings)
    print_result({way: asdict(timing) for way, timing in timings.items()}, text, as_json)
