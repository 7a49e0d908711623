"""Shards copied from one place to another: from a service, a bucket or a folder, all of them or those of some rows."""

import shutil
from collections.abc import Iterator

from ld_data.errors import InputError, IntegrityError
from ld_data.release.manifest import FileRecord
from ld_data.shards.folders import Folder, Place, Readable, Source, hash_content, open_folder, open_reader
from ld_data.shards.plan import ShardPlan, write_plan
from ld_data.shards.records import REMAKE, ShardRecord, name_record, name_shard, read_record
from ld_data.shards.root import ROOT_NAME, Entries, Entry, name_group, read_group, read_root


def fetch_shards(source: Source, target: Place, plan: ShardPlan, numbers: range) -> Iterator[int]:
    """Yield the numbers of shards of a sealed release as they arrive, each checked by the root; the root arrives last.

    The plan, the root and all of its groups are copied, too: without any shards they are a virtual release. Files that
    are there already are not fetched again.

    Raises:
        InputError: the target holds another plan, or the source lacks a shard.
        IntegrityError: the source is not sealed or not whole, a file is not the sealed one, or another has its name.
        LdDataError: the source does not deliver, or the target refuses.
    """
    reader, folder = open_reader(source), open_folder(target)
    root, root_file = read_root(reader, plan)
    write_plan(folder, plan)
    for group, file in enumerate(root.groups):
        read_group(reader, root, group)  # raises a clear error where it is missing
        _copy(reader, folder, name_group(group), file)
    entries = Entries(folder, root)
    for number in numbers:
        try:
            entry = entries.find(number)
            _copy(reader, folder, name_shard(number), entry.file)
            _add_record(folder, read_record(reader, plan, number), entry)
        except FileNotFoundError as error:
            raise InputError(
                f"{reader} does not hold shard {number}. Make it with `python -m ld_data shards make`."
            ) from error
        yield number
    _copy(reader, folder, ROOT_NAME, root_file)


def _copy(reader: Readable, folder: Folder, name: str, record: FileRecord) -> None:
    """Copy a file unless it is there; raise `IntegrityError` if it is not the recorded one."""
    if folder.find_size(name) is None:
        with reader.open(name, record.size) as file, folder.hold(name) as staging:
            with (staging / name).open("wb") as draft:
                shutil.copyfileobj(file, draft)
            record.check(staging / name, "release")
            folder.add(staging / name)
    elif hash_content(folder, name) != record.sha256:
        raise IntegrityError(f"{folder}/{name} is not the file of {reader}. Delete it, or choose another folder.")


def _add_record(folder: Folder, record: ShardRecord | None, entry: Entry) -> None:
    if record is None:
        raise FileNotFoundError("the record is missing")
    if Entry.of(record, entry.fingerprint) != entry:
        raise IntegrityError(f"the record of shard {record.number} is not that of the sealed shard. {REMAKE}")
    name = name_record(record.number)
    if folder.find_size(name) is None:
        with folder.hold(name) as staging:
            (staging / name).write_text(record.to_json(), "utf-8")
            folder.add(staging / name)
