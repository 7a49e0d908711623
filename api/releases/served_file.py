"""A file to download, and a check that it still holds the bytes that were verified."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from ld_data.release.manifest import FileRecord

Stamp = tuple[int, int, int]  # inode, size, time of last change: as long as they stay, so do the bytes


@dataclass(frozen=True)
class ServedFile:
    """A file to download: its path, its size and sha256, and its stamp from before they were taken."""

    path: Path
    record: FileRecord
    stamp: Stamp

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return a file with the record of its bytes, which this hashes."""
        stamp = read_stamp(path)
        return cls(path, FileRecord.of(path), stamp)

    @property
    def modified(self) -> datetime:
        """The time of the last change, in whole seconds as in HTTP headers."""
        return datetime.fromtimestamp(self.stamp[2] // 10**9, UTC)

    def is_unchanged(self) -> bool:
        """Return whether the file still has its recorded bytes; it is hashed only if its stamp has changed."""
        try:
            return read_stamp(self.path) == self.stamp or FileRecord.of(self.path) == self.record
        except FileNotFoundError:
            return False


def read_stamp(path: Path) -> Stamp:
    """Return the stamp of an existing file."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
