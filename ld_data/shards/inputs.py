"""The inputs of a plan by row number: signals of a generator, or a user's own images in memory-mapped files."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ld_data.checks import check_labels, is_release_name
from ld_data.errors import InputError, IntegrityError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import SignalStream
from ld_data.release.folder import find_release
from ld_data.release.manifest import read_manifest
from ld_data.shards.plan import SHARD_ROWS, ImageFile, ShardPlan, read_models
from ld_data.sources.catalogue import MNIST1D_FIT_SEED
from ld_data.sources.secret_draws import GENERATORS
from ld_data.storage.hashing import hash_file
from ld_data.typing import Array

MAX_CLASSES = 256
UNUSED_ARGUMENTS = ("num_samples", "train_split")  # of the generator: rows are numbered without an end


Inputs: TypeAlias = Callable[[range], tuple[Array, Array]]  # returns the inputs `(n, ...)` and labels `(n,)` of n rows


class ImageInputs:
    """Images in `.npy` files, of which only the pages that are read come into memory."""

    def __init__(self, files: Sequence[ImageFile]) -> None:
        self._files, self._ends = files, list(accumulate(file.rows for file in files))

    def __call__(self, rows: range) -> tuple[Array, Array]:
        """Return the images `(n, ...)` of n rows, and their labels `(n,)`.

        Raises:
            InputError: a file is missing, or holds no numbers.
            IntegrityError: a file has changed since the plan was made.
        """
        inputs, labels, first = [], [], rows.start
        while first < rows.stop:
            number = bisect_right(self._ends, first)
            _check(self._files[number])
            images, classes = map_array(self._files[number].inputs), map_array(self._files[number].labels)
            start = self._ends[number] - self._files[number].rows
            part = slice(first - start, min(rows.stop, self._ends[number]) - start)
            inputs.append(np.array(images[part]))
            labels.append(np.array(classes[part]))
            first = start + part.stop
        return np.concatenate(inputs), check_labels(np.concatenate(labels), MAX_CLASSES)


def open_inputs(plan: ShardPlan) -> Inputs:
    """Return the inputs of a plan; nothing is read yet."""
    if not plan.signals:
        return ImageInputs(plan.images)
    stream = SignalStream(Mnist1dConfig(**plan.signals))
    return lambda rows: stream.make_rows(rows.start, len(rows))


@cache
def _check(file: ImageFile) -> None:
    """Raise an error as `ImageInputs` unless a file is as planned: read once in each process."""
    for path, sha256 in zip((file.inputs, file.labels), file.sha256, strict=True):
        array = map_array(path)
        if hash_file(Path(path)) != sha256 or len(array) != file.rows:
            raise IntegrityError(f"{path} has changed since the plan was made. Make a new plan in another folder.")


def plan_signals(name: str, release: str, rows: int, seed: int = 0, rows_per_shard: int = SHARD_ROWS) -> ShardPlan:
    """Return the plan of signals of the generator's fast mode, encoded by a release of such signals.

    Raises:
        InputError: the release is made of something else, or a number is out of range.
        UnknownNameError: there is no such release.
    """
    manifest = read_manifest(find_release(release))
    if manifest.source["name"] not in GENERATORS:
        raise InputError(f"{manifest.name} has no generator: plan inputs of your own, with their labels.")
    if seed == MNIST1D_FIT_SEED + manifest.seed:
        raise InputError(f"seed {seed} draws the signals that the models were fitted to. Choose another seed.")
    arguments = asdict(Mnist1dConfig(seed=seed))
    signals = {argument: value for argument, value in arguments.items() if argument not in UNUSED_ARGUMENTS}
    return _make_plan(name, manifest.name, rows, seed, rows_per_shard, signals=signals)


def plan_images(
    name: str,
    release: str,
    inputs: Sequence[Path],
    labels: Sequence[Path],
    rows: int | None = None,
    seed: int = 0,
    rows_per_shard: int = SHARD_ROWS,
) -> ShardPlan:
    """Return the plan of a user's own inputs, all of them or the first rows; raises as `describe_images`."""
    manifest = read_manifest(find_release(release))
    images = describe_images(inputs, labels, manifest.classes)
    rows = sum(file.rows for file in images) if rows is None else rows
    return _make_plan(name, manifest.name, rows, seed, rows_per_shard, images=images)


def _make_plan(name: str, release: str, rows: int, seed: int, rows_per_shard: int, **inputs: Any) -> ShardPlan:
    if not is_release_name(name):
        raise InputError(
            f"a sharded release has the name of its folder: lower-case letters, digits and hyphens; received {name!r}."
        )
    return ShardPlan(name, release, read_models(release), seed, rows, rows_per_shard, **inputs)


def describe_images(
    inputs: Sequence[Path], labels: Sequence[Path], classes: int = MAX_CLASSES
) -> tuple[ImageFile, ...]:
    """Return the files of a user's images for a plan: n files of inputs, and n of labels in the same order.

    Raises:
        InputError: the numbers of files or rows differ, or the shapes or types of rows; a file is no `.npy` of numbers,
            or a label is none of so many classes.
    """
    if len(inputs) != len(labels) or not inputs:
        raise InputError(f"each file of inputs needs one of labels; received {len(inputs)} and {len(labels)}.")
    files, shapes = [], set()
    for images, file in zip(inputs, labels, strict=True):
        array, numbers = map_array(images), map_array(file)
        if numbers.shape != (len(array),):
            raise InputError(f"{file} must hold a label for each of {len(array)} inputs; its shape is {numbers.shape}.")
        check_labels(np.array(numbers), classes, str(file))
        shapes.add((array.shape[1:], array.dtype))
        hashes = hash_file(images), hash_file(file)
        files.append(ImageFile(str(images.resolve()), str(file.resolve()), len(array), hashes))
    if len(shapes) > 1:
        received = " and ".join(sorted(f"{dtype} {shape}" for shape, dtype in shapes))
        raise InputError(f"all files of inputs must have rows of one shape and type; received {received}.")
    return tuple(files)


def map_array(path: Path | str) -> Array:
    """Return the array of an `.npy` file, which is mapped, not read.

    Raises:
        InputError: the file is missing, or no `.npy` of numbers with one row or more.
    """
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: expected an .npy file of numbers; could not read it ({error}).") from error
    if not isinstance(array, np.memmap) or not array.ndim or not len(array) or array.dtype.kind not in "iufb":
        raise InputError(f"{path}: expected an .npy file of numbers with one row or more.")
    return array
