"""The command that times the tasks of users."""

from typing import Annotated

from cyclopts import Parameter

from eval.benchmark.costs import SLOWER, TASKS, compare, describe_costs, measure_costs
from eval.commands.options import Names
from ld_data.checks import check_integer
from ld_data.cli.options import Json
from ld_data.cli.output import print_result, tell
from ld_data.errors import IntegrityError


def benchmark(
    *,
    only: Annotated[Names, Parameter(choices=TASKS)] = None,
    turns: int = 3,
    against: Annotated[str | None, Parameter(metavar="REV")] = None,
    as_json: Json = False,
) -> None:
    """Time the tasks of users.

    Beside them stands the same by hand, in numpy or scikit-learn.

    Args:
        only: These tasks alone.
        turns: The turns of each way, whose medians count.
        against: A commit of this clone to compare with; the command fails if a task takes a tenth more of the
            processor than there.
    """
    costs = measure_costs(only or TASKS, check_integer("--turns", turns, 1, 100), against, tell)
    print_result(costs, describe_costs(costs, against), as_json)
    if against and (slower := [name for name, ways in costs.items() if compare(ways, against) > SLOWER]):
        raise IntegrityError(f"slower than {against} by more than a tenth: {', '.join(slower)}.")
