"""The releases in the formats of others: files that are made when they are first asked for.

Each format is made whole, by `python -m ld_data export` in a process of its own: its libraries would hold more memory
than the rest of the service, for the sake of a few requests.
"""

import logging
import subprocess
import sys
from pathlib import Path
from shutil import rmtree
from threading import Lock

from api.releases.served_file import OfferedFile
from ld_data.errors import NotReadyError
from ld_data.export.card import CARD_NAME
from ld_data.export.croissant import CROISSANT_NAME
from ld_data.export.formats import FORMATS

logger = logging.getLogger(__name__)

# The other formats are files of every release, the card is that of Parquet, and the description has a route of its own.
EXPORTED = {
    "parquet": tuple(name for name in FORMATS["parquet"] if name != CROISSANT_NAME),
    **{form: tuple(name for name in FORMATS[form] if name != CARD_NAME) for form in ("safetensors", "csv")},
}
FILES = {name: form for form, names in EXPORTED.items() for name in names}
TIMEOUT_SECONDS = 120.0


class Exports:
    """What was made of each release, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Keep files in an existing folder."""
        self._folder = folder
        self._made: dict[tuple[str, str], dict[str, OfferedFile]] = {}
        self._locks: dict[tuple[str, str], Lock] = {}

    def find(self, release: str, manifest: OfferedFile, name: str) -> OfferedFile:
        """Return the file `name`, one of `FILES`, of a release whose manifest is that one; made, if it is not yet.

        Raises `NotReadyError` if it could not be made, or the release is another by now.
        """
        key = release, FILES[name]
        with self._locks.setdefault(key, Lock()):
            if key not in self._made:
                self._made[key] = self._make(manifest, *key)
            return self._made[key][name]

    def _make(self, manifest: OfferedFile, release: str, form: str) -> dict[str, OfferedFile]:
        place = self._folder / release / form
        rmtree(place, ignore_errors=True)  # of a child that was too slow to be waited for, and was done all the same
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
                f"{release} cannot be had as {form} now; the service's log tells the operator why. "
                "data.npz holds the same arrays."
            )
        return {name: OfferedFile.of(place / name) for name in EXPORTED[form]}
