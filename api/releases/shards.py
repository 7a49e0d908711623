"""Sharded releases that the service offers.

Plan, root and groups are checked before they are served, and a shard when it is first asked for: there may be more
shards than a service could hash before it starts.
"""

import re
from functools import lru_cache
from pathlib import Path

from api.errors import NotReadyError
from api.releases.served_files import ServedFile
from ld_data.errors import IntegrityError, UnknownNameError
from ld_data.shards.folders import open_folder
from ld_data.shards.plan import PLAN_NAME, read_plan
from ld_data.shards.root import ROOT_NAME, Entries, name_group, read_root

SHARD_FILE = re.compile(r"train-(\d{7,})\.(npz|json)", re.ASCII)
MAX_KNOWN = 10_000  # shards whose hashes stay in memory


class ServedShards:
    """A sealed folder of shards.

    Attributes:
        plan, root: of the release.
        files: plan, root and groups.
    """

    def __init__(self, path: Path) -> None:
        """Check a folder; raises as `read_plan` and `read_root`, and `IntegrityError` for an altered group."""
        folder = open_folder(path)
        self.plan = read_plan(folder)
        self.root, _ = read_root(folder, self.plan)
        if self.plan.name != path.name:
            raise IntegrityError(f"the folder of {path.name} holds the release {self.plan.name}. Rename the folder.")
        groups = {name_group(number): record for number, record in enumerate(self.root.groups)}
        for name, record in groups.items():
            record.check(path / name, "release")
        self.files = {name: ServedFile.of(path / name) for name in (PLAN_NAME, ROOT_NAME, *groups)}
        self._path, self._entries = path, Entries(folder, self.root)
        self._open_shard = lru_cache(MAX_KNOWN)(self._check_shard)

    def find_file(self, name: str) -> ServedFile:
        """Return a file of the release.

        Raises:
            NotReadyError: a shard is not the sealed one.
            UnknownNameError: there is no such file here.
        """
        if name in self.files:
            return self.files[name]
        found = SHARD_FILE.fullmatch(name)
        if not found or int(found[1]) >= self.root.shards or not (self._path / name).is_file():
            raise UnknownNameError(
                f"{self.plan.name} has no file {name!r} here. It has: {', '.join(self.files)}, and shards such as "
                "train-0000000.npz with their records."
            )
        return ServedFile.of(self._path / name) if found[2] == "json" else self._open_shard(int(found[1]), name)

    def _check_shard(self, number: int, name: str) -> ServedFile:
        served = ServedFile.of(self._path / name)
        if served.record != self._entries.find(number).file:
            raise NotReadyError(f"{name} of {self.plan.name} is damaged. Its operator can make it again.")
        return served
