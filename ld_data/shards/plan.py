"""The plan of a sharded release: all that decides its arrays. A shard is a function of the plan and its number."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ld_data.checks import MAX_ECHO, check_integer, is_release_name
from ld_data.errors import InputError, IntegrityError
from ld_data.fingerprint import TOLERANCE
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.noise import MAX_SEED
from ld_data.release.folder import find_release
from ld_data.release.manifest import MAX_MANIFEST_BYTES, Description, read_manifest
from ld_data.shards.folders import Place, Source, open_folder, open_reader, read_text

PLAN_NAME = "plan.json"
PLAN_VERSION = 1
SHARD_ROWS = 131_070  # a block of the generator of signals, so that no block is drawn twice
MAX_ROWS = 2**40
MAX_SHARD_ROWS = 2**22  # 1 GB
MODEL_FILES = ("model.json", "cells.npz", "x.encoder.onnx", "y.encoder.onnx", "y.decoder.onnx")  # that draw x and y


@dataclass(frozen=True)
class ImageFile:
    """A file of a user's inputs with the file of their labels, both `.npy`, by absolute path, and its rows.

    Attributes:
        sha256: of the inputs' file, and of the labels' file.
    """

    inputs: str
    labels: str
    rows: int
    sha256: tuple[str, ...]


@dataclass(frozen=True)
class ShardPlan(Description):
    """All that decides the arrays of a sharded release.

    Attributes:
        name: of the sharded release.
        release: the release whose models draw x and y, in the folder of releases of each worker.
        models: the sha256 of each of that release's `MODEL_FILES`.
        seed: of the generator, and of the noise of x and y; row i draws noise i.
        rows, rows_per_shard: of the whole, and of each shard but the last.
        signals: the arguments of the generator of MNIST-1D signals; empty for images.
        images: a user's own inputs; empty for signals.
        tolerance: of x on another processor; y and labels have none.
    """

    name: str
    release: str
    models: dict[str, str]
    seed: int
    rows: int
    rows_per_shard: int = SHARD_ROWS
    signals: dict[str, Any] = field(default_factory=dict)
    images: tuple[ImageFile, ...] = ()
    tolerance: float = TOLERANCE
    format_version: int = PLAN_VERSION
    kind: ClassVar[str] = "plan"

    def __post_init__(self) -> None:
        """Convert numpy's integers; raise `TypeError` or `InputError` for names, numbers or arguments of no plan."""
        if not (is_release_name(self.name) and is_release_name(self.release)):
            raise TypeError(f"the names must be those of releases; received {self.name!r:.{MAX_ECHO}}")
        if bool(self.signals) == bool(self.images):
            raise TypeError("a plan needs the arguments of a generator, or files of images, and not both")
        most = sum(file.rows for file in self.images) or MAX_ROWS
        for name, least, greatest in (("seed", 0, MAX_SEED), ("rows", 1, most), ("rows_per_shard", 1, MAX_SHARD_ROWS)):
            object.__setattr__(self, name, check_integer(name, getattr(self, name), least, greatest))
        if self.signals:
            Mnist1dConfig(**self.signals)

    @property
    def id(self) -> str:
        """The sha256 of the plan as JSON with sorted keys and without spaces."""
        text = json.dumps(self.to_values(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def shards(self) -> int:
        """The number of shards."""
        return -(-self.rows // self.rows_per_shard)

    def find_rows(self, number: int) -> range:
        """Return the rows of a shard."""
        first = number * self.rows_per_shard
        return range(first, min(first + self.rows_per_shard, self.rows))

    def find_shards(self, first: int, end: int) -> range:
        """Return the numbers of the shards that hold the rows from `first` up to `end`, that one not included."""
        return range(first // self.rows_per_shard, -(-end // self.rows_per_shard) if end > first else 0)


def read_models(release: str) -> dict[str, str]:
    """Return the sha256 of each model file of a release; raises as `find_release` and `read_manifest`."""
    files = read_manifest(find_release(release)).files
    return {name: files[name].sha256 for name in MODEL_FILES if name in files}


def check_models(plan: ShardPlan) -> None:
    """Raise `IntegrityError` unless the release of the plan has the plan's models here."""
    if read_models(plan.release) != plan.models:
        raise IntegrityError(
            f"the models of {plan.release} in this folder of releases are not those of the plan of {plan.name}. "
            "Install the version of the release that the plan was made with, or make a new plan."
        )


def read_plan(place: Source) -> ShardPlan:
    """Return the plan in a folder.

    Raises:
        InputError: there is none.
        IntegrityError: it is no plan of this format.
        LdDataError: as `ld_data.shards.folders.folder.Readable.open`.
    """
    folder = open_reader(place)
    try:
        text = read_text(folder, PLAN_NAME, MAX_MANIFEST_BYTES)
    except FileNotFoundError:
        raise InputError(f"{folder} holds no {PLAN_NAME}. Make one with `python -m ld_data shards plan`.") from None
    return ShardPlan.from_json(text, f"{folder}/{PLAN_NAME}")


def write_plan(place: Place, plan: ShardPlan) -> None:
    """Write a plan into a folder, made if it is missing; the same plan may be there already.

    Raises:
        InputError: the folder holds another plan, whose shards would not fit this one; or the plan is too long.
        StorageError: the disk or the bucket refuses.
    """
    folder, text = open_folder(place), plan.to_json()
    if len(text) > MAX_MANIFEST_BYTES:
        raise InputError(f"a plan may have {MAX_MANIFEST_BYTES} bytes; this one has {len(text)}. Join some files.")
    with folder.hold(PLAN_NAME) as staging:
        (staging / PLAN_NAME).write_text(text, "utf-8")
        if folder.find_size(PLAN_NAME) is None and folder.add(staging / PLAN_NAME):
            return
        if (there := read_plan(folder)).id != plan.id:
            raise InputError(
                f"{folder} holds another plan, of {there.rows} rows of {there.name}. Choose another folder."
            )
