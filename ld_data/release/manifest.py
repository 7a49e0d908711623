"""The manifest of a release: its content, its making, and the hashes of all its files."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Literal, Self, get_args, get_origin, get_type_hints

from ld_data.checks import MAX_ECHO, is_release_name
from ld_data.errors import IntegrityError
from ld_data.protocols import YKind
from ld_data.storage.arrays import MAX_ARRAY_BYTES
from ld_data.storage.hashing import hash_array, hash_file
from ld_data.storage.json_text import read_json
from ld_data.typing import Array

FORMAT_VERSION = 3
MANIFEST_NAME = "manifest.json"
MAX_MANIFEST_BYTES = 1 << 20
MAX_FILES, MAX_FILE_NAME = 100, 100  # files of a release, ten times as many as it has; characters of a name
SHA256 = re.compile(r"[0-9a-f]{64}")
VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){2}")
RESTORE = "Fetch, build or save it again."
SHIFT_FILE = "test_x.{}.npy"  # of a shifted test set, by its name


@dataclass(frozen=True)
class ArrayRecord:
    """Shape, dtype and sha256 (over little-endian C-order bytes) of one array."""

    shape: tuple[int, ...]
    dtype: str
    sha256: str

    @classmethod
    def of(cls, array: Array) -> "ArrayRecord":
        """Return the record of an array."""
        return cls(array.shape, array.dtype.name, hash_array(array))


@dataclass(frozen=True)
class FileRecord:
    """Size in bytes and sha256 of one file."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "FileRecord":
        """Return the record of an existing file."""
        return cls(path.stat().st_size, hash_file(path))

    def check_size(self, path: Path, kind: str) -> None:
        """Raise `IntegrityError` unless a file of a "release" or "preset" exists with this size."""
        if not path.is_file():
            raise IntegrityError(f"{path.parent} is not a whole {kind}: {path.name} is missing. {RESTORE}")
        if (size := path.stat().st_size) != self.size:
            raise IntegrityError(f"{path}: expected {self.size} bytes; received {size}. {RESTORE}")

    def check(self, path: Path, kind: str) -> None:
        """Raise `IntegrityError` unless a file of a "release" or "preset" has this size and hash."""
        self.check_size(path, kind)
        if (received := hash_file(path)) != self.sha256:
            raise IntegrityError(f"{path} was altered: expected sha256 {self.sha256}; received {received}. {RESTORE}")


@dataclass(frozen=True)
class RecipeRecord:
    """The recipe of a release, as far as the manifest does not hold it elsewhere.

    Attributes:
        epochs, flow_epochs: passes over the training inputs, and those that train the flow alone.
        has_goals: whether the build had to meet the recipe's goals.
        readability: the encoder's weight of the class read off x; None where the classifier reads the inner latents.
    """

    name: str
    epochs: int
    flow_epochs: int
    has_goals: bool
    readability: float | None = None


@dataclass(frozen=True)
class Change:
    """A change of a release: the version, the day as YYYY-MM-DD, and a sentence about the news."""

    version: str
    date: str
    text: str

    def __post_init__(self) -> None:
        """Raise `ValueError` if the date is not YYYY-MM-DD, or the version is not like 1.0.0."""
        date.fromisoformat(self.date)
        if not VERSION.fullmatch(self.version):
            raise ValueError(f"a version is like 1.0.0; received {self.version!r}")


class Description:
    """The base of a manifest and a preset: a dataclass that is read from and written to JSON."""

    kind: ClassVar[str]
    format_version: int

    def to_values(self) -> dict[str, Any]:
        """Return the description as JSON values."""
        return asdict(self)  # type: ignore[call-overload]

    def to_json(self) -> str:
        """Return the description as JSON text."""
        return json.dumps(self.to_values(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, place: str | Path) -> Self:
        """Return the description in a JSON text.

        Raises:
            IntegrityError: the text is none of this format; the message names `place`.
        """
        try:
            values = read_json(text)
            if not isinstance(values, dict):
                raise TypeError(f"expected an object; received {type(values).__name__}")
            if (version := values.get("format_version")) != cls.format_version:
                raise TypeError(f"expected format_version {cls.format_version}; received {version!r}")
            return _read_value(cls, values, cls.kind)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise IntegrityError(
                f"{place}: not a {cls.kind} of this format ({error}). Fetch, build or save it again, or install the "
                "version of LD-Data that wrote it."
            ) from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the description in an existing file; raise `IntegrityError` if it is too large, or as `from_json`."""
        return cls.from_json(read_description(path), path)


@dataclass(frozen=True)
class Manifest(Description):
    """Everything about a release that is not in its arrays and weights.

    Attributes:
        format_version: of this description; a reader refuses an unknown one.
        name, release_version: of the release.
        source: name, sha256 and licence of the labelled inputs.
        latent_dim, classes: d and k.
        seed: of training, encoding and y.
        command: that makes the release again; empty for a build from Python with a source or recipe of the user's own.
        recipe: how the models were trained; latent size, kind of y and seed stand beside it.
        y_kind: "cells" for exact y, "gaussian" for a trained class VAE.
        libraries: versions of Python, numpy, scipy, and of those that trained, exported and measured the models.
        licence: of the arrays and weights.
        null, floor: of y in closed form, per dimension.
        health: the health report, as `ld_data.release.report.HealthReport.to_values` gives it.
        judge_sha256: of the judge that took part in the health report; empty without a judge.
        arrays: records of the arrays in `data.npz`.
        files: records of the files in the folder except the manifest.
        npy_files: records of the predecessor's four files, made from `data.npz` on request.
        changes: one or more, newest first.
        fingerprint: of the build, as `ld_data.fingerprint` reads it; empty for releases that are older than this field.
        shifts: parameters of each shifted test set by name (`ld_data.sources.shifts`); `files` has its `SHIFT_FILE`.
    """

    name: str
    release_version: str
    source: dict[str, str]
    latent_dim: int
    classes: int
    seed: int
    command: str
    recipe: RecipeRecord
    y_kind: YKind
    libraries: dict[str, str]
    licence: str
    null: float
    floor: float
    health: dict[str, Any]
    judge_sha256: str
    arrays: dict[str, ArrayRecord]
    files: dict[str, FileRecord]
    npy_files: dict[str, FileRecord]
    changes: tuple[Change, ...]
    fingerprint: dict[str, str] = field(default_factory=dict)
    shifts: dict[str, dict[str, float]] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION
    kind: ClassVar[str] = "manifest"

    def __post_init__(self) -> None:
        """Raise `TypeError` for a name, a source or changes that no release has."""
        if not is_release_name(self.name):  # it becomes the name of a folder
            raise TypeError(
                f"name must have lower-case letters, digits and hyphens; received {self.name!r:.{MAX_ECHO}}"
            )
        if not {"name", "sha256", "licence"} <= set(self.source):
            raise TypeError(f"the source needs name, sha256 and licence; received {self.source!r}")
        if not self.changes:
            raise TypeError("changes must hold one change or more; received none")
        if lost := [name for name in self.shifts if SHIFT_FILE.format(name) not in self.files]:
            raise TypeError(f"the files must include those of all shifts; they lack that of {lost[0]!r:.{MAX_ECHO}}")

    def to_values(self) -> dict[str, Any]:
        """Return the manifest as JSON values; one without shifts is as before this field."""
        return {name: value for name, value in super().to_values().items() if value or name != "shifts"}

    @classmethod
    def from_json(cls, text: str, place: str | Path) -> Self:
        """Return the manifest in a JSON text; raises as that of `Description`, also for a floor without a meaning."""
        manifest = super().from_json(text, place)
        if not 0 <= manifest.floor < manifest.null:
            raise IntegrityError(
                f"{place}: floor must be from 0 to less than null = {manifest.null}; received {manifest.floor}. "
                f"{RESTORE}"
            )
        return manifest


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a release folder.

    Raises:
        IntegrityError: the manifest is missing, too large, or no manifest of this format.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():  # a pipe would let its reader wait
        raise IntegrityError(f"{folder} is not a whole release: it has no {MANIFEST_NAME}. {RESTORE}")
    return Manifest.read(path)


def read_description(path: Path) -> str:
    """Return the text of an existing file; raise `IntegrityError` if it has more than 1 MB, or is no UTF-8."""
    if (size := path.stat().st_size) > MAX_MANIFEST_BYTES:
        raise IntegrityError(f"{path}: expected at most {MAX_MANIFEST_BYTES} bytes; has {size}.")
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{path}: not UTF-8 text ({error}). {RESTORE}") from error


# reads from the text of a description at a place the files to fetch
ReadRecords = Callable[[str, str], Mapping[str, FileRecord]]


def read_records(text: str, place: str, names: Collection[str]) -> dict[str, FileRecord]:
    """Return the records of those files among `names` that the text of a manifest lists; raise as `read_manifest`."""
    files = Manifest.from_json(text, place).files
    return {file: files[file] for file in names if file in files}


def read_file_record(name: str, values: Mapping[str, Any]) -> FileRecord:
    """Return the record of a file from JSON values.

    The cache keeps a download under its sha256, which therefore must not be a path either.

    Raises:
        TypeError: the record is malformed, or the name leads out of the folder.
    """
    if Path(name).name != name or name in ("", "..") or not name.isprintable() or len(name) > MAX_FILE_NAME:
        raise TypeError(
            f"file names must not hold folders or control characters, nor more than {MAX_FILE_NAME} characters; "
            f"received {name!r:.{MAX_ECHO}}"
        )
    record = FileRecord(**values)
    if type(record.size) is not int or not 0 <= record.size <= MAX_ARRAY_BYTES:
        raise TypeError(
            f"the size of {name} must be a number of bytes up to {MAX_ARRAY_BYTES}; "
            f"received {record.size!r:.{MAX_ECHO}}"
        )
    if not (isinstance(record.sha256, str) and SHA256.fullmatch(record.sha256)):
        raise TypeError(f"the sha256 of {name} must have 64 hexadecimal digits; received {record.sha256!r:.{MAX_ECHO}}")
    return record


_read_hints = cache(get_type_hints)  # of a few classes, for thousands of records


def _read_value(kind: Any, value: Any, name: str) -> Any:
    """Return a JSON value as a type of the manifest; raise TypeError, KeyError or ValueError if they misfit."""
    outer, inner, is_record = get_origin(kind) or kind, get_args(kind), is_dataclass(kind)
    if kind is Any or (outer is Literal and value in inner):
        return value
    if outer is UnionType:
        return None if value is None else _read_value(inner[0], value, name)
    if kind is FileRecord:
        return read_file_record(name, value)
    accepted: Any = dict if is_record else {tuple: list, float: (int, float), Literal: ()}.get(outer, outer)
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{name} must be {kind}; received {value!r:.{MAX_ECHO}}")
    if is_record:
        hints = _read_hints(kind)
        return kind(**{part: _read_value(hints[part], item, f"{name}.{part}") for part, item in value.items()})
    if kind == dict[str, FileRecord] and len(value) > MAX_FILES:
        raise TypeError(f"{name} must have at most {MAX_FILES} files; received {len(value)}")
    if outer is dict:
        return {key: _read_value(inner[1], item, key) for key, item in value.items()}
    return tuple(_read_value(inner[0], item, name) for item in value) if outer is tuple else value
