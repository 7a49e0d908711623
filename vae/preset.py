"""A preset: the models of a codec in a folder of their own, with a description that holds the hash of every file."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ld_data.protocols import YKind
from ld_data.release.manifest import Description, FileRecord

PRESET_NAME = "preset.json"
X_CLASSES = ("InputCodec",)
Y_CLASSES: dict[str, YKind] = {"Cells": "cells", "GaussianClasses": "gaussian"}


@dataclass(frozen=True)
class Preset(Description):
    """The description of a preset, `preset.json`.

    Attributes:
        x, y: the names of the classes of the two codecs.
        files: records of the models' files by name.
        format_version: of this description; a reader refuses an unknown one.
    """

    x: str
    y: str
    files: dict[str, FileRecord]
    format_version: int = 1
    kind: ClassVar[str] = "preset"

    def __post_init__(self) -> None:
        """Raise `TypeError` for another class of codec, or if the files include the description."""
        for space, name, known in (("x", self.x, X_CLASSES), ("y", self.y, tuple(Y_CLASSES))):
            if name not in known:
                raise TypeError(f"expected the class of {space} to be one of {', '.join(known)}; received {name!r}")
        if PRESET_NAME in self.files:
            raise TypeError(f"the files must not include the description; received {PRESET_NAME!r}")


def verify_preset(folder: Path) -> Preset:
    """Return the preset that describes a folder, after checking every file.

    Raises:
        IntegrityError: `preset.json` is too large, or no preset of this format; or a file is missing or differs.
    """
    preset = Preset.read(folder / PRESET_NAME)
    for name, record in preset.files.items():
        record.check(folder / name, preset.kind)
    return preset
