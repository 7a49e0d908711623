"""The releases that the service offers, each verified before it is served."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from api.errors import NotReadyError
from api.releases.operations import Operation, make_operations, make_prediction
from api.releases.served_files import Exports, ServedFile, read_stamp
from api.releases.shards import ServedShards
from eval.kept.models import find_models
from ld_data.errors import IntegrityError, LdDataError, UnknownNameError
from ld_data.export.croissant import CROISSANT_NAME
from ld_data.protocols import LatentCodec
from ld_data.release.dataset import NPY_FILES, LatentDataset, Split
from ld_data.release.examples import Examples, load_examples
from ld_data.release.folder import check_settled, list_releases, read_settled, read_verified
from ld_data.release.manifest import MANIFEST_NAME, RESTORE, FileRecord, Manifest
from ld_data.shards.root import ROOT_NAME
from ld_data.sources.secret_draws import GENERATORS
from ld_data.storage.arrays import write_npy

logger = logging.getLogger(__name__)

LoadCodec = Callable[[Path], LatentCodec]


@dataclass(frozen=True)
class ServedRelease:
    """A release in memory: its dataset, its models, its files by name, its exports, and the examples for the page."""

    manifest: Manifest
    data: LatentDataset
    codec: LatentCodec
    files: dict[str, ServedFile]
    exports: Exports
    examples: Examples | None

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """The operations of its models, by the end of their route."""
        return make_operations(self.codec)

    @cached_property
    def predictions(self) -> dict[str, Operation]:
        """The operations of its kept models from x to y, by their names, the best first; none if one is damaged."""
        try:
            models = find_models(self.manifest.name, self.data.test_sha256, self.checkpoints)
        except (IntegrityError, OSError) as error:  # the page and all other routes work without
            logger.error("the models of %s are not served: %s", self.manifest.name, error)
            models = ()
        return {model.name: make_prediction(self.codec, model) for model in models}

    @property
    def checkpoints(self) -> Path:
        """The folder of the releases, where results are kept beside them."""
        return self.files[MANIFEST_NAME].path.parent.parent

    @property
    def version(self) -> tuple[str, str]:
        """The name and the sha256 of the test set, which together name its leaderboard."""
        return self.manifest.name, self.data.test_sha256

    @property
    def has_challenge(self) -> bool:
        """Whether its source can make new rows, for the seasons of a challenge."""
        return self.manifest.source["name"] in GENERATORS


class Catalogue(ExitStack):
    """Releases by name. One that fails its check is kept as not ready, with the reason; the others are served.

    Temporary files go into `folder`, or the folder of the system if it is None, until the catalogue is closed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._folder = folder
        self._ready: dict[str, ServedRelease] = {}
        self._sharded: dict[str, ServedShards] = {}
        self._failed: dict[str, str] = {}

    def add_all(self, checkpoints: Path, load_codec: LoadCodec) -> None:
        """Verify and load every release of a folder, and open every sharded one that is sealed."""
        for name in list_releases(checkpoints):
            with self._keep_reason(name):
                self._ready[name] = read_settled(checkpoints / name, partial(self._load, name, load_codec))
        for path in sorted(checkpoints.glob(f"*/{ROOT_NAME}")):
            with self._keep_reason(path.parent.name):
                self._sharded[path.parent.name] = ServedShards(path.parent)

    @contextmanager
    def _keep_reason(self, name: str) -> Iterator[None]:
        """Note why a release is not served; whatever a damaged folder causes, the others are."""
        try:
            yield
        except Exception as error:
            shown, reason = _escape(name), _escape(str(error) or type(error).__name__)
            is_unexpected = not isinstance(error, LdDataError)
            logger.error("the release %s is not served: %s", shown, reason, exc_info=is_unexpected)
            self._failed[shown] = reason

    def find(self, name: str) -> ServedRelease:
        """Return a release.

        Raises:
            NotReadyError: the release failed its check.
            UnknownNameError: there is no release of this name.
        """
        if name in self._failed:
            raise NotReadyError(f"the release {name} is not ready: {self._failed[name]}")
        if name not in self._ready:
            if name in self._sharded:
                raise UnknownNameError(f"{name} is a sharded release: it has rows to read, and no models of its own.")
            known = ", ".join((*self._ready, *self._sharded)) or "none"
            raise UnknownNameError(f"no release {name!r}. Known: {known}.")
        return self._ready[name]

    def find_file(self, name: str, file: str) -> ServedFile:
        """Return a file of a release, or of an export, which the first request for its format makes.

        Raises:
            NotReadyError: the release failed its check, or the export failed.
            UnknownNameError: there is no release or file of this name.
        """
        if name in self._sharded:
            return self._sharded[name].find_file(file)
        release = self.find(name)
        if file in release.files:
            return release.files[file]
        if file in release.exports.forms:
            return release.exports.find(file)
        known = f"It has: {', '.join((*release.files, *release.exports.forms))}."
        if file == CROISSANT_NAME:
            known += f" Its description in Croissant is above this folder, at ../{file}."
        raise UnknownNameError(f"{name} has no file {file!r}. {known}")

    @property
    def ready(self) -> Iterable[ServedRelease]:
        """The releases that are served."""
        return self._ready.values()

    @property
    def sharded(self) -> dict[str, ServedShards]:
        """The sharded releases that are served, by name."""
        return self._sharded

    def explain_not_ready(self) -> dict[str, str]:
        """Return the reason why a release is not served, or not all of its files, by the name of the release."""
        reasons = dict(self._failed)
        for name, release in self._ready.items():
            if changed := [file for file, served in release.files.items() if not served.is_unchanged()]:
                reasons[name] = f"{', '.join(changed)} changed on disk since it was verified. Restart the service."
        return reasons

    def _load(self, name: str, load_codec: LoadCodec, folder: Path) -> ServedRelease:
        manifest, data, files = _read_release(folder)
        if manifest.name != name:
            raise IntegrityError(f"the folder of {name} holds the release {manifest.name}. Rename the folder.")
        place = Path(self.enter_context(TemporaryDirectory(prefix="ld-data-", dir=self._folder)))
        files |= _write_npy_files(manifest, data, place)
        data = replace(data, train=_map_train(data, files))  # frees memory, which the models then take
        codec = load_codec(folder)
        examples = load_examples(folder, tuple(codec.x.input_shape), len(data.test))
        check_settled(folder, manifest)
        exports = Exports(name, files[MANIFEST_NAME], place, data.shifts)
        return ServedRelease(manifest, data, codec, files, exports, examples)


def _escape(text: str) -> str:
    """Return a text that JSON and logs can hold: names of files may be no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _write_npy_files(manifest: Manifest, data: LatentDataset, folder: Path) -> dict[str, ServedFile]:
    """Return the predecessor's four files, which a release does not store twice, written to a temporary folder.

    Raises:
        IntegrityError: the records in the manifest are not theirs.
    """
    arrays, copies = data.to_arrays(), {}
    for file, array in NPY_FILES.items():
        path, content = folder / file, write_npy(arrays[array])
        path.write_bytes(content)
        if manifest.npy_files.get(file) != (record := FileRecord(len(content), sha256(content).hexdigest())):
            raise IntegrityError(f"expected in npy_files the record of {file}, {record}. {RESTORE}")
        copies[file] = ServedFile(path, record, read_stamp(path))
    return copies


def _read_release(folder: Path) -> tuple[Manifest, LatentDataset, dict[str, ServedFile]]:
    """Return the manifest, the dataset and the files of a release; each file and each array is hashed once.

    The stamps are older than the hashes, so that a change in between shows.
    """
    stamps = {path.name: read_stamp(path) for path in folder.iterdir() if path.is_file()}
    manifest, data = read_verified(folder)
    records = {**manifest.files, MANIFEST_NAME: ServedFile.of(folder / MANIFEST_NAME).record}
    if added := [file for file in records if file not in stamps]:
        raise IntegrityError(f"{folder}: {', '.join(added)} appeared while the release was read. Restart the service.")
    return manifest, data, {file: ServedFile(folder / file, record, stamps[file]) for file, record in records.items()}


def _map_train(data: LatentDataset, files: dict[str, ServedFile]) -> Split:
    """Return the training rows with x and y left in their files: most of a release, which the service does not use."""
    x, y = (np.load(files[f"train_{space}.npy"].path, "r", allow_pickle=False) for space in "xy")
    return replace(data.train, x=x, y=y)
