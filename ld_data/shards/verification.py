"""Sealed shards checked: sizes, hashes, and some of them made again, which the root's own hash chooses."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.fingerprint import read_fingerprint
from ld_data.protocols import LatentCodec
from ld_data.shards.inputs import open_inputs
from ld_data.shards.making import make_arrays
from ld_data.shards.plan import ShardPlan, check_models
from ld_data.shards.records import name_record, name_shard, read_shard
from ld_data.shards.root import ROOT_NAME, Entry, Group, Root, name_group
from ld_data.storage.hashing import hash_array, hash_file


@dataclass
class Findings:
    """The result of a check: numbers of shards, by what was found."""

    sizes: int = 0  # compared
    hashes: int = 0
    recomputed: int = 0
    damaged: list[int] = field(default_factory=list)  # missing, or of another size or hash
    differing: list[int] = field(default_factory=list)  # their models draw something else


def read_root(folder: Path, plan: ShardPlan) -> Root:
    """Return the root of a sealed folder.

    Raises:
        IntegrityError: the folder is not sealed, or the root is that of another plan.
    """
    path = folder / ROOT_NAME
    if not path.is_file():
        raise IntegrityError(f"{folder} is not sealed. Make all shards, then run `python -m ld_data shards seal`.")
    root = Root.read(path)
    if (root.plan, root.rows, root.shards) != (plan.id, plan.rows, plan.shards):
        raise IntegrityError(f"{path} belongs to another plan than the one beside it. Fetch or seal the release again.")
    return root


def iterate_entries(folder: Path, root: Root) -> Iterator[Entry]:
    """Yield the entries of all shards in their order.

    Raises:
        IntegrityError: a file of records is not the sealed one, or they do not list each shard once.
    """
    numbers = iter(range(root.shards))
    for number, record in enumerate(root.groups):
        path = folder / name_group(number)
        record.check(path, "release")
        for entry in Group.from_json(path.read_text("utf-8"), path).entries:
            if entry.number != next(numbers, None):
                raise IntegrityError(f"{path} lists shard {entry.number} out of place. Seal the release again.")
            yield entry
    if (missing := next(numbers, None)) is not None:
        raise IntegrityError(f"the records of {folder} lack shard {missing}. Seal the release again.")


def choose_shards(root_sha256: str, shards: int, count: int) -> list[int]:
    """Return the numbers of `count` shards that a sealed root chooses, so that its maker could not."""
    random = np.random.Generator(np.random.Philox(key=int(root_sha256[:32], 16)))
    return sorted(random.choice(shards, min(count, shards), replace=False).tolist())


def check_shards(folder: Path, plan: ShardPlan, share: float = 1.0) -> Findings:
    """Return the findings of a check of all sizes, and of the hashes of a share of the shards, which the root chooses.

    Raises:
        IntegrityError: as `read_root` and `iterate_entries`.
    """
    root, findings = read_root(folder, plan), Findings()
    hashed = range(root.shards) if share == 1 else _choose(folder, root, int(np.ceil(share * root.shards)))
    for entry in iterate_entries(folder, root):
        path = folder / name_shard(entry.number)
        is_whole = path.is_file() and path.stat().st_size == entry.file.size
        findings.sizes += 1
        if is_whole and entry.number in hashed:
            findings.hashes += 1
            is_whole = hash_file(path) == entry.file.sha256
        if not is_whole:
            findings.damaged.append(entry.number)
    return findings


def _choose(folder: Path, root: Root, count: int) -> Collection[int]:
    return set(choose_shards(hash_file(folder / ROOT_NAME), root.shards, count))


def recompute_shards(folder: Path, plan: ShardPlan, codec: LatentCodec, count: int, findings: Findings) -> None:
    """Compare shards that the root chooses with what their models draw again, and add to the findings.

    Where an equal installation made a shard, its arrays must be equal; elsewhere x may differ by the plan's tolerance.

    Raises:
        IntegrityError: the models or inputs are not those of the plan; or as `check_shards`.
    """
    check_models(plan)
    root, inputs, here = read_root(folder, plan), open_inputs(plan), read_fingerprint()
    chosen = _choose(folder, root, count)
    for entry in iterate_entries(folder, root):
        if entry.number not in chosen:
            continue
        try:
            arrays = read_shard(folder, plan, entry.number, entry.arrays)
        except (IntegrityError, FileNotFoundError):
            findings.damaged.append(entry.number)
            continue
        again = make_arrays(plan, entry.number, inputs, codec)
        findings.recomputed += 1
        is_equal = {name: hash_array(array) == entry.arrays[name] for name, array in again.items()}
        if root.fingerprints[entry.fingerprint].parts != here:
            is_equal["x"] = float(np.abs(again["x"] - arrays["x"]).max()) <= plan.tolerance
        if not all(is_equal.values()):
            findings.differing.append(entry.number)


def drop_shards(folder: Path, numbers: list[int]) -> None:
    """Delete shards and their records, so that they are made again."""
    for number in numbers:
        for name in (name_record(number), name_shard(number)):
            (folder / name).unlink(missing_ok=True)
