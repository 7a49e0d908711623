"""The releases that the service offers, each verified before it is served."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Self

import numpy as np

from api.releases.exports import FILES as EXPORTED_FILES
from api.releases.exports import Exports
from api.releases.operations import Operation, make_operations
from api.releases.served_file import OfferedFile
from ld_data.errors import IntegrityError, LdDataError, NotReadyError, UnknownNameError
from ld_data.export.croissant import CROISSANT_NAME
from ld_data.protocols import LatentCodec
from ld_data.release.dataset import NPY_FILES, LatentDataset, Split
from ld_data.release.examples import Examples, load_examples
from ld_data.release.folder import find_release, list_releases, load, verify
from ld_data.release.manifest import MANIFEST_NAME, Manifest
from ld_data.sources.secret_draws import GENERATORS

logger = logging.getLogger(__name__)

LoadCodec = Callable[[Path], LatentCodec]


@dataclass(frozen=True)
class OfferedRelease:
    """A release in memory: its dataset, its models, its files by name, and what it has to be looked at."""

    manifest: Manifest
    data: LatentDataset
    codec: LatentCodec
    files: dict[str, OfferedFile]
    examples: Examples | None = None

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """What its models can be asked, by the end of the route."""
        return make_operations(self.codec)

    @property
    def version(self) -> tuple[str, str]:
        """The name, and the sha256 of the test set: leaderboards are kept apart by both."""
        return self.manifest.name, self.data.test_sha256

    @property
    def has_challenge(self) -> bool:
        """Whether its source can make new rows, for the seasons of a challenge."""
        return self.manifest.source["name"] in GENERATORS


class Catalogue:
    """Releases by name. One that fails its check is kept as not ready, with the reason; the others are served."""

    def __init__(self, folder: Path | None = None) -> None:
        """Start empty; temporary files go into `folder`, or the system's if there is none."""
        self._folder = folder
        self._ready: dict[str, OfferedRelease] = {}
        self._failed: dict[str, str] = {}
        self._resources = ExitStack()
        self._making = Lock()
        self._exports: Exports | None = None

    def __enter__(self) -> Self:
        """Return the catalogue."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete the temporary copies of the files."""
        self._resources.close()

    def add_all(self, checkpoints: Path, load_codec: LoadCodec) -> None:
        """Verify and load every release of a folder."""
        for name in list_releases(checkpoints):
            try:
                self._ready[name] = self._load(name, find_release(checkpoints / name), load_codec)
            except (LdDataError, OSError) as error:
                logger.error("the release %s is not served: %s", name, error)
                self._failed[name] = str(error)

    def find(self, name: str) -> OfferedRelease:
        """Return a release; raise `UnknownNameError` if there is none of the name, `NotReadyError` if it failed."""
        if name in self._failed:
            raise NotReadyError(f"the release {name} is not ready: {self._failed[name]}")
        if name not in self._ready:
            known = ", ".join(self._ready) or "none"
            raise UnknownNameError(f"no release {name!r}. Known: {known}.")
        return self._ready[name]

    def find_file(self, name: str, file: str) -> OfferedFile:
        """Return a file of a release, or one in another format, which takes a while if it was never asked for.

        Raises `UnknownNameError` if there is none of the name, and what `find` and `Exports.find` raise.
        """
        files = self.find(name).files
        if file in files:
            return files[file]
        if file not in EXPORTED_FILES:
            known = f"It has: {', '.join((*files, *EXPORTED_FILES))}."
            if file == CROISSANT_NAME:
                known += f" Its description in Croissant is at /v1/datasets/{name}/{file}."
            raise UnknownNameError(f"{name} has no file {file!r}. {known}")
        with self._making:
            if self._exports is None:
                self._exports = Exports(self._make_folder())
        return self._exports.find(name, files[MANIFEST_NAME], file)

    @property
    def ready(self) -> Iterable[OfferedRelease]:
        """The releases that can be served."""
        return self._ready.values()

    def explain_not_ready(self) -> dict[str, str]:
        """Return why releases cannot be served, or not whole, by name."""
        reasons = dict(self._failed)
        for name, release in self._ready.items():
            if changed := [file for file, offered in release.files.items() if not offered.is_unchanged()]:
                reasons[name] = f"{', '.join(changed)} changed on disk since it was verified. Restart the service."
        return reasons

    def _load(self, name: str, folder: Path, load_codec: LoadCodec) -> OfferedRelease:
        manifest = verify(folder)
        if manifest.name != name:
            raise IntegrityError(f"the folder of {name} holds the release {manifest.name}. Rename the folder.")
        data = load(folder)
        copies = self._write_npy_files(data)
        data = replace(data, train=_map_train(data, copies))  # before the models, which then take its place in memory
        codec = load_codec(folder)
        files = {name: OfferedFile.of(folder / name) for name in (*manifest.files, MANIFEST_NAME)}
        examples = load_examples(folder, tuple(codec.x.input_shape), len(data.test))
        return OfferedRelease(manifest, data, codec, files | copies, examples)

    def _write_npy_files(self, data: LatentDataset) -> dict[str, OfferedFile]:
        """Return the predecessor's four files, which a release does not store twice, written to a temporary folder."""
        folder = self._make_folder()
        data.save_npy(folder)
        return {name: OfferedFile.of(folder / name) for name in NPY_FILES}

    def _make_folder(self) -> Path:
        """Return an empty folder that is deleted with the catalogue."""
        return Path(self._resources.enter_context(TemporaryDirectory(prefix="ld-data-", dir=self._folder)))


def _map_train(data: LatentDataset, copies: Mapping[str, OfferedFile]) -> Split:
    """Return the training rows with x and y left in their files: most of a release, of which the service needs none."""
    x, y = (np.load(copies[f"train_{space}.npy"].path, "r", allow_pickle=False) for space in "xy")
    return replace(data.train, x=x, y=y)
