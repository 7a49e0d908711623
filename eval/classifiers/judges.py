"""Judges: classifiers of raw inputs that read decoded inputs; beside the releases, in `judges/<source>.keras`."""

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ld_data.errors import InputError, IntegrityError
from ld_data.settings import checkpoints_folder
from ld_data.storage.hashing import hash_file
from ld_data.storage.json_text import check_depth
from ld_data.storage.staging import stage_file
from ld_data.typing import Array, Integers

if TYPE_CHECKING:
    import keras

CONFIG_NAME = "config.json"
MAX_BYTES, MAX_CONFIG_BYTES = 1 << 30, 1 << 20
MAX_CONFIG_DEPTH = 100  # Keras reads it by recursion


@dataclass(frozen=True)
class StoredJudge:
    """The judge in a `.keras` file, which is read on first use; satisfies `ld_data.protocols.Judge`."""

    path: Path

    @cached_property
    def sha256(self) -> str:
        """The sha256 of the file."""
        return hash_file(self.path)

    def classify(self, inputs: Array) -> Integers:
        """Return the classes `(n,)` of inputs `(n, ...)` float32, pixels in [0, 1].

        Raises:
            InputError: if the file is not `.keras`.
            IntegrityError: if Keras cannot read it in safe mode.
        """
        return self._model.predict(inputs, batch_size=1000, verbose=0).argmax(axis=1)

    @cached_property
    def _model(self) -> "keras.Model":
        import keras  # late: 5 s that commands without a judge should not pay

        _check_suffix(self.path)
        try:
            _check_archive(self.path)
            return keras.saving.load_model(self.path, compile=False, safe_mode=True)
        except Exception as error:  # Keras and its backends raise errors of many classes
            raise IntegrityError(f"{self.path}: not a judge that Keras can load ({error}). Train it again.") from error


def open_judge(source_name: str) -> StoredJudge | None:
    """Return the judge of a source; None if there is none."""
    path = judge_path(source_name)
    return StoredJudge(path) if path.is_file() else None


def judge_path(source_name: str) -> Path:
    """Return the path of a source's judge, existing or not."""
    return checkpoints_folder() / "judges" / f"{source_name}.keras"


def check_new_judge(path: Path) -> None:
    """Raise `InputError` if there is a judge at a path: two names of files can make the same name of a source."""
    if path.exists():
        raise InputError(
            f"{path} exists, and may be the judge of other images of that name. Name another file with --out, or "
            "replace it with --replace."
        )


def save_judge(judge: "keras.Model", path: Path) -> None:
    """Write a `.keras` file, else raise `InputError`; make the folder, and replace an older judge atomically."""
    _check_suffix(path)
    with stage_file(path) as draft:
        judge.save(draft)


def _check_archive(path: Path) -> None:
    """Raise `ValueError` if a `.keras` file unpacks to more than any judge has, or nests too deeply for Keras."""
    with zipfile.ZipFile(path) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        if sum(sizes.values()) > MAX_BYTES or sizes.get(CONFIG_NAME, 0) > MAX_CONFIG_BYTES:
            raise ValueError(f"expected at most {MAX_BYTES} bytes, {MAX_CONFIG_BYTES} of them in {CONFIG_NAME}")
        check_depth(archive.read(CONFIG_NAME).decode(), MAX_CONFIG_DEPTH)


def _check_suffix(path: Path) -> None:
    if path.suffix != ".keras":  # safe mode protects less in Keras' other formats
        raise InputError(f"a judge is a .keras file; received {path}.")
