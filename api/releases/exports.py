"""The releases in the formats of other tools: files that the first request for them makes.

`python -m ld_data export` makes each format whole, in a process of its own: its libraries would hold more memory than
the rest of the service, for a few requests.
"""

import logging
import subprocess
import sys
from pathlib import Path
from shutil import rmtree
from threading import Lock

from api.errors import NotReadyError
from api.releases.served_file import ServedFile
from ld_data.export.card import CARD_NAME
from ld_data.export.croissant import CROISSANT_NAME
from ld_data.export.formats import FORMATS

logger = logging.getLogger(__name__)

# All other formats are files of every release; the card belongs to Parquet, and Croissant has a route of its own.
EXPORTED = {
    "parquet": tuple(name for name in FORMATS["parquet"] if name != CROISSANT_NAME),
    **{form: tuple(name for name in FORMATS[form] if name != CARD_NAME) for form in ("safetensors", "csv")},
}
FILES = {name: form for form, names in EXPORTED.items() for name in names}
TIMEOUT_SECONDS = 120.0


class Exports:
    """The exported files of all releases, each release and format in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Keep files in an existing folder."""
        self._folder = folder
        self._made: dict[tuple[str, str], dict[str, ServedFile]] = {}
        self._locks: dict[tuple[str, str], Lock] = {}

    def find(self, release: str, manifest: ServedFile, name: str) -> ServedFile:
        """Return the file `name`, one of `FILES`, of the release that has this manifest; make it if it is missing.

        Raises:
            NotReadyError: the export failed, or the release has changed on disk.
        """
        key = release, FILES[name]
        with self._locks.setdefault(key, Lock()):
            if key not in self._made:
                self._made[key] = self._make(manifest, *key)
            return self._made[key][name]

    def _make(self, manifest: ServedFile, release: str, form: str) -> dict[str, ServedFile]:
        place = self._folder / release / form
        rmtree(place, ignore_errors=True)  # a child that ran out of time may have finished later
        command = [sys.executable, "-m", "ld_data", "export", str(manifest.path.parent), "--format", form]
        try:
            done = subprocess.run(  # noqa: S603
                [*command, "--out", str(place)], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
            )
            reason = "" if done.returncode == 0 else done.stderr or f"it ended with status {done.returncode}"
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
        if reason or not manifest.is_unchanged():
            logger.error("%s was not exported as %s: %s", release, form, reason or "it changed on disk meanwhile")
            raise NotReadyError(
                f"{release} is not available as {form} now; the operator finds the cause in the log. "
                "data.npz holds the same arrays."
            )
        return {name: ServedFile.of(place / name) for name in EXPORTED[form]}
