"""A preset: the models of a codec in a folder of their own, with a description that proves every file of them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ld_data.errors import InputError, IntegrityError
from ld_data.release.manifest import MAX_MANIFEST_BYTES, FileRecord, read_file_record

FORMAT_VERSION = 1
PRESET_NAME = "preset.json"
X_CLASSES = ("InputCodec",)
Y_CLASSES = ("Cells", "GaussianClasses")


@dataclass(frozen=True)
class Preset:
    """What `preset.json` says.

    Attributes:
        x, y: the names of the classes of the two codecs.
        files: records of the files of the models by name, this one excepted.
        format_version: of this description; a reader refuses one that it does not know.
    """

    x: str
    y: str
    files: dict[str, FileRecord]
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the preset as JSON text."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, place: str | Path) -> "Preset":
        """Return the preset in a JSON text; raise `IntegrityError` naming `place` if it is not one of this format."""
        try:
            return cls(**_read_fields(json.loads(text)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise IntegrityError(
                f"{place}: not a preset that this version reads ({error}). Fetch or save it again, or install the "
                "version of LD-Data that wrote it."
            ) from error

    def verify(self, folder: Path) -> None:
        """Raise `IntegrityError` naming the first file in the folder whose size or sha256 is not the record's."""
        for name, expected in self.files.items():
            path = folder / name
            if not path.is_file():
                raise IntegrityError(f"{folder} is not a whole preset: {name} is missing. Fetch or save it again.")
            if (size := path.stat().st_size) != expected.size:
                raise IntegrityError(
                    f"{path}: expected {expected.size} bytes; received {size}. Fetch or save the preset again."
                )
            if (received := FileRecord.of(path)) != expected:
                raise IntegrityError(
                    f"{path} was altered: expected sha256 {expected.sha256}; received {received.sha256}. "
                    "Fetch or save the preset again."
                )


def read_preset(folder: Path) -> Preset:
    """Return the preset that describes a folder; raise `IntegrityError` if it is none of this format."""
    path = folder / PRESET_NAME
    if (size := path.stat().st_size) > MAX_MANIFEST_BYTES:
        raise IntegrityError(f"{path}: expected at most {MAX_MANIFEST_BYTES} bytes; has {size}.")
    try:
        return Preset.from_json(path.read_text("utf-8"), path)
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{path}: not UTF-8 text ({error}). Fetch or save the preset again.") from error


def record_files(folder: Path) -> dict[str, FileRecord]:
    """Return the records of all files in a folder by name, sorted."""
    return {path.name: FileRecord.of(path) for path in sorted(folder.iterdir())}


def check_new_folder(folder: Path) -> None:
    """Raise `InputError` unless a folder can be written at that place: nothing is there yet, or it is empty."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"{folder} exists and is not overwritten. Choose another name, or empty it first.")


def _read_fields(values: Any) -> dict[str, Any]:
    """Return the fields of a preset from JSON values; raise `TypeError` or `KeyError` for what does not fit."""
    if not isinstance(values, dict):
        raise TypeError(f"expected an object; received {type(values).__name__}")
    if values.get("format_version") != FORMAT_VERSION:
        raise TypeError(f"expected format_version {FORMAT_VERSION}; received {values.get('format_version')!r}")
    known = {space: _check_class(space, values[space], names) for space, names in (("x", X_CLASSES), ("y", Y_CLASSES))}
    return {**known, "files": {name: _read_record(name, record) for name, record in values["files"].items()}}


def _check_class(space: str, name: Any, known: Iterable[str]) -> str:
    if name not in known:
        raise TypeError(f"expected the class of {space} to be one of {', '.join(known)}; received {name!r}")
    return str(name)


def _read_record(name: str, values: Mapping[str, Any]) -> FileRecord:
    """Return the record of a file; raise `TypeError` for one of no file, or for the description itself."""
    if name == PRESET_NAME:
        raise TypeError(f"file names must not be that of the description; received {name!r}")
    return read_file_record(name, values)
