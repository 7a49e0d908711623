"""A folder of this machine, or of a file system that several machines see."""

import os
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import ClassVar

from ld_data.errors import IntegrityError
from ld_data.storage.arrays import MAX_ARRAY_BYTES
from ld_data.storage.staging import make_staging_folder, take_place


@dataclass(frozen=True)
class LocalFolder:
    """A folder by its path; the verbs are those of `ld_data.shards.folders.folder.Folder`."""

    path: Path
    readers: ClassVar[int] = 1

    def __str__(self) -> str:
        """Return the path."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.name

    def open(self, name: str, most_bytes: int = MAX_ARRAY_BYTES) -> BufferedIOBase:
        """Return a file, open for reading."""
        if not (path := self.path / name).is_file():  # a pipe would let its reader wait
            raise FileNotFoundError(f"there is no file {path}")
        if (size := path.stat().st_size) > most_bytes:
            raise IntegrityError(f"{path}: expected at most {most_bytes} bytes; has {size}.")
        return path.open("rb")

    def find_size(self, name: str) -> int | None:
        """Return the bytes of a file; None if there is no such file."""
        path = self.path / name
        return path.stat().st_size if path.is_file() else None

    def list_sizes(self, first: str = "", last: str = "~") -> dict[str, int]:
        """Return the bytes of each file after one name, up to another."""
        sizes = {}
        with os.scandir(self.path) as entries:
            for entry in entries:
                if first < entry.name <= last:
                    with suppress(FileNotFoundError):  # another process has just deleted it
                        sizes[entry.name] = entry.stat().st_size
        return sizes

    def hold(self, name: str) -> AbstractContextManager[Path]:
        """Yield an empty folder beside the place of a file, for this writer alone."""
        return make_staging_folder(self.path, name, wait=True)

    def add(self, draft: Path) -> bool:
        """Give a finished file its place."""
        take_place(draft, self.path / draft.name)
        return True

    def delete(self, name: str) -> None:
        """Delete a file, which may be missing."""
        (self.path / name).unlink(missing_ok=True)
