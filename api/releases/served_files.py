"""Files to download: those of a release, and exports in the formats of other tools, which the first request makes.

`python -m ld_data export` makes each format whole, in a process of its own: its libraries would hold more memory than
the rest of the service, for a few requests.
"""

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from threading import Lock
from typing import Self

from api.errors import NotReadyError
from ld_data.export.card import CARD_NAME
from ld_data.export.croissant import CROISSANT_NAME
from ld_data.export.formats import list_files
from ld_data.release.manifest import FileRecord

logger = logging.getLogger(__name__)

Stamp = tuple[int, int, int]  # inode, size, time of last change: as long as they stay, so do the bytes

# All other formats are files of every release; the card belongs to Parquet, and Croissant has a route of its own.
OMITTED = {"parquet": CROISSANT_NAME, "safetensors": CARD_NAME, "csv": CARD_NAME}
TIMEOUT_SECONDS = 120.0


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


class Exports:
    """The exported files of a release with these shifted test sets, each format in a subfolder of `folder`.

    Attributes:
        names: of the files, by format.
        forms: the format of each file, by its name.
    """

    def __init__(self, release: str, manifest: ServedFile, folder: Path, shifts: Sequence[str]) -> None:
        self._release, self._manifest, self._folder = release, manifest, folder
        self.names = {
            form: tuple(name for name in list_files(form, shifts) if name != omitted)
            for form, omitted in OMITTED.items()
        }
        self.forms = {name: form for form, names in self.names.items() for name in names}
        self._made: dict[str, dict[str, ServedFile]] = {}
        self._locks = {form: Lock() for form in OMITTED}

    def find(self, name: str) -> ServedFile:
        """Return the file `name`, one of `forms`; make it if it is missing.

        Raises:
            NotReadyError: the export failed, or the release has changed on disk.
        """
        form = self.forms[name]
        with self._locks[form]:
            if form not in self._made:
                self._made[form] = self._make(form)
            return self._made[form][name]

    def _make(self, form: str) -> dict[str, ServedFile]:
        place = self._folder / form
        rmtree(place, ignore_errors=True)  # a child that ran out of time may have finished later
        command = [sys.executable, "-m", "ld_data", "export", str(self._manifest.path.parent), "--format", form]
        try:
            done = subprocess.run(  # noqa: S603
                [*command, "--out", str(place)],
                capture_output=True,
                errors="replace",
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
            reason = "" if done.returncode == 0 else done.stderr or f"it ended with status {done.returncode}"
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
        if reason or not self._manifest.is_unchanged():
            reason = reason or "it changed on disk meanwhile"
            logger.error("%s was not exported as %s: %s", self._release, form, reason)
            raise NotReadyError(
                f"{self._release} is not available as {form} now; the operator finds the cause in the log. "
                "data.npz holds the same arrays."
            )
        return {name: ServedFile.of(place / name) for name in self.names[form]}
