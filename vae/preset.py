"""A preset: the models of a codec in a folder of their own, with a description that holds the hash of every file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ld_data.errors import InputError, IntegrityError
from ld_data.protocols import YKind
from ld_data.release.manifest import FileRecord, read_description, read_file_records
from ld_data.storage.json_text import read_json

FORMAT_VERSION = 1
PRESET_NAME = "preset.json"
X_CLASSES = ("InputCodec",)
Y_CLASSES: dict[str, YKind] = {"Cells": "cells", "GaussianClasses": "gaussian"}


@dataclass(frozen=True)
class Preset:
    """The description of a preset, `preset.json`.

    Attributes:
        x, y: the names of the classes of the two codecs.
        files: records of the models' files by name.
        format_version: of this description; a reader refuses an unknown one.
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
        """Return the preset in a JSON text.

        Raises:
            IntegrityError: the text is no preset of this format; the message names `place`.
        """
        try:
            return cls(**_read_fields(read_json(text)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise IntegrityError(
                f"{place}: not a preset that this version reads ({error}). Fetch or save it again, or install the "
                "version of LD-Data that wrote it."
            ) from error


def verify_preset(folder: Path) -> Preset:
    """Return the preset that describes a folder, after checking every file.

    Raises:
        IntegrityError: `preset.json` is too large, or no preset of this format; or a file is missing or differs.
    """
    path = folder / PRESET_NAME
    preset = Preset.from_json(read_description(path), path)
    for name, record in preset.files.items():
        record.check(folder / name, "preset")
    return preset


def check_new_folder(folder: Path) -> None:
    """Check that a folder can be written at that path: nothing is there, or an empty folder.

    Raises:
        InputError: something else is there.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"{folder} exists and is not overwritten. Choose another name, or empty it first.")


def _read_fields(values: Any) -> dict[str, Any]:
    """Return the fields of a preset from JSON values; raise `TypeError` or `KeyError` for another form."""
    if not isinstance(values, dict):
        raise TypeError(f"expected an object; received {type(values).__name__}")
    if values.get("format_version") != FORMAT_VERSION:
        raise TypeError(f"expected format_version {FORMAT_VERSION}; received {values.get('format_version')!r}")
    for space, known in {"x": X_CLASSES, "y": tuple(Y_CLASSES)}.items():
        if values[space] not in known:
            raise TypeError(
                f"expected the class of {space} to be one of {', '.join(known)}; received {values[space]!r}"
            )
    if PRESET_NAME in values["files"]:
        raise TypeError(f"the files must not include the description; received {PRESET_NAME!r}")
    return {"x": values["x"], "y": values["y"], "files": read_file_records(values["files"])}
