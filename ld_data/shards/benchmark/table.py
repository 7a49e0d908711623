"""The measured costs as tables: beside their goals, and what they make of 10^9 and 10^12 rows."""

import math

from tabulate import tabulate

from ld_data.shards.benchmark.costs import Costs
from ld_data.shards.benchmark.kills import Toll
from ld_data.shards.root import GROUP_SHARDS

DAY = 24.0  # hours
ALIGNMENT = ("left", "right", "right")


def describe_costs(costs: Costs) -> str:
    """Return the costs beside their goals, and then those of 10^9 and 10^12 rows."""
    minutes = costs.wall / costs.rows_per_shard * 1e7 / 60
    rows = [
        ("shards that the loop, processes, one worker and shells make as two workers do", "all", f"all {costs.equal}"),
        ("processor time of a row: the loop", "", f"{costs.loop:.1f} us"),
        ("the same in one worker of Dask, of the loop's", "1.10", f"{costs.one:.2f}"),
        ("the same in each of two workers, of the loop's", "1.10", f"{costs.two:.2f}"),
        ("the same in each of two processes without Dask", "", f"{costs.processes:.2f}"),
        ("two workers, of one, by the clock, in turns", "1.8 times as fast", f"{costs.speedup:.2f}"),
        (f"memory from the first to {costs.shards} shards: driver", "30 MB", f"{costs.driver_mb:+.1f} MB"),
        ("the same: worker, at most", "30 MB", f"{costs.worker_mb:+.1f} MB"),
        ("bytes through the scheduler, a shard", "2 kB", f"{costs.scheduler_bytes / 1e3:.2f} kB"),
        ("10 million signals made and encoded, two workers", "6 min", f"{minutes:.1f} min"),
        ("a task that does nothing", "", f"{costs.task_ms:.1f} ms"),
        ("start of scheduler and two workers", "", f"{costs.start:.1f} s"),
        (f"resuming with {costs.records:,} records", "", f"{costs.resume_seconds:.1f} s"),
        ("verification, from the cache of the disk", "", f"{costs.verify_mb_per_second:.0f} MB/s"),
        ("on disk, a row", "", f"{costs.row_bytes:.1f} bytes"),
    ]
    table = tabulate(rows, ("", "goal", "measured"), "plain", colalign=ALIGNMENT, disable_numparse=True)
    columns = [list_scale(costs, count) for count in (10**9, 10**12)]
    scale = [(name, *(column[name] for column in columns)) for name in columns[0]]
    heads = ("", "10^9 rows", "10^12 rows")
    return f"{table}\n\n{tabulate(scale, heads, 'plain', colalign=ALIGNMENT, disable_numparse=True)}"


def list_scale(costs: Costs, rows: int) -> dict[str, str]:
    """Return the costs of so many rows by what they are."""
    row_seconds, shards = costs.loop * costs.two / 1e6, math.ceil(rows / costs.rows_per_shard)
    hours = row_seconds * rows / 3600
    size = rows * costs.row_bytes
    return {
        "hours of a core": f"{hours:,.0f}",
        "cores for a day": f"{math.ceil(hours / DAY):,}",
        "on disk": f"{size / 1e12:,.2f} TB",
        "shards": f"{shards:,}",
        "groups of records": f"{math.ceil(shards / GROUP_SHARDS):,}",
        "hours to verify all hashes, one process": f"{size / 1e6 / costs.verify_mb_per_second / 3600:,.1f}",
        "seconds to resume": f"{costs.resume_seconds / costs.records * shards:,.1f}",
        "through the scheduler": f"{costs.scheduler_bytes * shards / 1e6:,.0f} MB",
        "workers that one scheduler feeds": f"{row_seconds * costs.rows_per_shard / costs.task_ms * 1e3:,.0f}",
    }


def describe_toll(toll: Toll) -> str:
    """Return what kills did, in words."""
    words = ", ".join(f"{count} of the {name}" for name, count in toll.kills.items())
    return (
        f"{toll.count} kills at random moments ({words}) over {toll.shards} shards of {toll.rounds} releases: "
        f"{toll.lost} lost, {toll.doubled} made twice, {toll.leftovers} leftovers, {toll.other_roots} with another "
        f"root than without kills; {toll.seconds:.0f} s"
    )
