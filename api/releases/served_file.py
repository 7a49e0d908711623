"""A file to download, and whether it is still what was checked."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from ld_data.release.manifest import FileRecord

Stamp = tuple[int, int, int]  # inode, size, time of the last change


@dataclass(frozen=True)
class OfferedFile:
    """A file to download: where it lies, its size and sha256, and what the disk said of it when they were taken."""

    path: Path
    record: FileRecord
    stamp: Stamp

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return a file with the record of what it holds now."""
        stamp = _read_stamp(path)
        return cls(path, FileRecord.of(path), stamp)

    @property
    def modified(self) -> datetime:
        """When it was last written, in whole seconds, as headers tell it."""
        return datetime.fromtimestamp(self.stamp[2] // 10**9, UTC)

    def is_unchanged(self) -> bool:
        """Return whether the file still holds what the record describes; hashed only if the disk tells of a change."""
        try:
            return _read_stamp(self.path) == self.stamp or FileRecord.of(self.path) == self.record
        except FileNotFoundError:
            return False


def _read_stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
