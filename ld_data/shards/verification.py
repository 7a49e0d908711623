"""Sealed shards checked: sizes, hashes, and some of them made again, which the root's own hash chooses."""

from dataclasses import dataclass, field

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.shards.folders import Folder, hash_content
from ld_data.shards.making import LoadCodec
from ld_data.shards.plan import ShardPlan
from ld_data.shards.records import name_record, name_shard, read_shard
from ld_data.shards.redraws import Redraws
from ld_data.shards.root import iterate_entries, read_root


@dataclass
class Findings:
    """The result of a check: numbers of shards, by what was found."""

    sizes: int = 0  # compared
    hashes: int = 0
    recomputed: int = 0
    missing: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)  # of another size or hash
    differing: list[int] = field(default_factory=list)  # their models draw something else


def choose_shards(root_sha256: str, shards: int, count: int) -> list[int]:
    """Return the numbers of `count` shards that a sealed root chooses, so that its maker could not."""
    random = np.random.Generator(np.random.Philox(key=int(root_sha256[:32], 16)))
    return sorted(random.choice(shards, min(count, shards), replace=False).tolist())


def check_shards(folder: Folder, plan: ShardPlan, share: float = 1.0) -> Findings:
    """Return the findings of a check of all sizes, and of the hashes of a share of the shards, which the root chooses.

    Raises:
        IntegrityError: as `ld_data.shards.root.read_root` and `iterate_entries`.
    """
    (root, file), findings, sizes = read_root(folder, plan), Findings(), folder.list_sizes()
    count = int(np.ceil(share * root.shards))
    hashed = range(root.shards) if share == 1 else set(choose_shards(file.sha256, root.shards, count))
    for entry in iterate_entries(folder, root):
        findings.sizes += 1
        if (name := name_shard(entry.number)) not in sizes:
            findings.missing.append(entry.number)
            continue
        is_whole = sizes[name] == entry.file.size
        if is_whole and entry.number in hashed:
            findings.hashes += 1
            is_whole = hash_content(folder, name) == entry.file.sha256
        if not is_whole:
            findings.damaged.append(entry.number)
    return findings


def recompute_shards(folder: Folder, plan: ShardPlan, load_codec: LoadCodec, count: int, findings: Findings) -> None:
    """Compare shards that the root chooses with what their models draw again, and add to the findings.

    Raises:
        IntegrityError: the models or inputs are not those of the plan; or as `check_shards`.
    """
    root, file = read_root(folder, plan)
    redraws, chosen = Redraws(plan, root, load_codec), set(choose_shards(file.sha256, root.shards, count))
    for entry in iterate_entries(folder, root):
        if entry.number not in chosen:
            continue
        try:
            arrays = read_shard(folder, plan, entry.number, entry.arrays)
        except (IntegrityError, FileNotFoundError):
            findings.damaged.append(entry.number)
            continue
        findings.recomputed += 1
        if not redraws.is_sealed(entry, redraws.make(entry.number), arrays["x"]):
            findings.differing.append(entry.number)


def drop_shards(folder: Folder, numbers: list[int]) -> None:
    """Delete shards and their records, so that they are made again."""
    for number in numbers:
        for name in (name_record(number), name_shard(number)):
            folder.delete(name)
