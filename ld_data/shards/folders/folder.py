"""The few verbs that shards need of the place where they stand: a folder, a bucket, or an address that serves one."""

from contextlib import AbstractContextManager
from io import BufferedIOBase
from pathlib import Path
from typing import Protocol

from ld_data.storage.arrays import MAX_ARRAY_BYTES


class Readable(Protocol):
    """A place to read from; its text names it in messages."""

    def open(self, name: str, most_bytes: int = MAX_ARRAY_BYTES) -> BufferedIOBase:
        """Return the content of a file, open for reading.

        Raises:
            FileNotFoundError: there is no such file.
            IntegrityError: it has more than `most_bytes`.
            DownloadError: the address does not deliver.
            StorageError: the bucket refuses.
        """


class Folder(Readable, Protocol):
    """A place to read from and write to. A file is written once, under a name that no other file has.

    Attributes:
        readers: how many files are best read at the same time.
    """

    @property
    def name(self) -> str:
        """The last part of its path."""

    @property
    def readers(self) -> int:
        """How many files are best read at the same time."""

    def find_size(self, name: str) -> int | None:
        """Return the bytes of a file; None if there is no such file."""

    def list_sizes(self, first: str = "", last: str = "~") -> dict[str, int]:
        """Return the bytes of each file whose name comes after `first`, and not after `last`, in alphabetical order."""

    def hold(self, name: str) -> AbstractContextManager[Path]:
        """Yield an empty folder of this machine to write a file in; another writer of `name` may finish first.

        Raises:
            StorageError: the disk refuses, in this function or inside the `with` block.
        """

    def add(self, draft: Path) -> bool:
        """Give a finished file of `hold` its place, and return True; or return False if its name is taken.

        A local folder has locks in place of this answer: there the file replaces an older one.
        """

    def delete(self, name: str) -> None:
        """Delete a file, which may be missing."""
