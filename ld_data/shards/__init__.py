"""Sharded releases: rows of any number, made shard by shard by any number of processes, and read by row number."""

from ld_data.shards.inputs import plan_images, plan_signals
from ld_data.shards.making import make_shards
from ld_data.shards.plan import ShardPlan, read_plan, write_plan
from ld_data.shards.reading import ShardedRows
from ld_data.shards.root import seal

__all__ = [
    "ShardPlan",
    "ShardedRows",
    "make_shards",
    "plan_images",
    "plan_signals",
    "read_plan",
    "seal",
    "write_plan",
]
