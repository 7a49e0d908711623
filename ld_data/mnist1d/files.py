"""MNIST-1D signals as bytes of `.npy` and `.npz` files, part by part: memory does not grow with their number.

Written by hand: numpy's own writers need whole arrays.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from tqdm import tqdm

from ld_data.errors import InputError
from ld_data.mnist1d.dataset import SignalPlan
from ld_data.progress import show_progress
from ld_data.storage.arrays import NPZ_DATE, write_npy, write_npy_header, write_values
from ld_data.storage.staging import check_new_file, make_staging_folder, take_place
from ld_data.typing import Array, Bytes

NPY_FILES = ("signals.npy", "labels.npy")
LABELS_CHUNK = 1 << 15  # rows written together


def name_files(path: Path) -> list[Path]:
    """Return the files of `write_signals` for a path that is free: an `.npz`, or a folder with two `.npy`."""
    if path.suffix not in (".npz", ""):
        raise InputError(
            f"the file must end in .npz, or have no ending: then it is a folder with {' and '.join(NPY_FILES)}; "
            f"received {path}."
        )
    check_new_file(path)
    return [path] if path.suffix else [path / name for name in NPY_FILES]


def write_signals(plan: SignalPlan, path: Path) -> list[Path]:
    """Write a data set with a progress bar, and return its files; the path is taken once all is complete.

    An `.npz` holds x, y, x_test, y_test and t. A path without an ending is a folder: `signals.npy` holds all signals,
    training first, and `labels.npy` their classes, uint8. Raises `StorageError` if the disk refuses.
    """
    files = name_files(path)
    with (
        make_staging_folder(path.parent, path.name) as staging,
        show_progress(title=path.name, total=plan.rows, unit=" signals", unit_scale=True) as bar,
    ):
        shown = replace(plan, parts=lambda: _show(plan, bar))
        drafts = [staging / file.name for file in files]
        if path.suffix:
            with drafts[0].open("wb") as file:
                file.writelines(stream_npz(shown))
        else:
            with drafts[0].open("wb") as file, drafts[1].open("wb") as labels_file:
                labels_file.write(write_npy_header((plan.rows,), np.dtype(np.uint8)))
                file.writelines(stream_npy(shown, labels_file))
        check_new_file(path)  # again: another process may have written it
        take_place(drafts[0] if path.suffix else staging, path)
    return files


def stream_npy(plan: SignalPlan, labels_file: BinaryIO | None = None) -> Iterator[bytes]:
    """Yield the bytes of an `.npy` file of all signals, training first; write their classes to `labels_file`."""
    yield write_npy_header((plan.rows, len(plan.t)), plan.dtype)
    for signals, classes in plan.parts():
        if labels_file:
            labels_file.write(classes.astype(np.uint8).tobytes())
        yield write_values(signals)


def stream_npz(plan: SignalPlan) -> Iterator[bytes]:
    """Yield the bytes of an `.npz` file of x, x_test, y, y_test and t; the classes are kept in memory, a byte each."""
    labels, outlet = np.empty(plan.rows, np.uint8), _Outlet()
    pieces, t, split = _cut(plan, labels), len(plan.t), plan.split
    entries = (
        ("x", (split, t), plan.dtype, pieces),
        ("x_test", (plan.rows - split, t), plan.dtype, pieces),
        ("y", (split,), np.dtype(np.int64), _widen(labels[:split])),
        ("y_test", (plan.rows - split,), np.dtype(np.int64), _widen(labels[split:])),
    )
    with zipfile.ZipFile(outlet, "w") as archive:
        for name, shape, dtype, parts in entries:
            with archive.open(zipfile.ZipInfo(f"{name}.npy", NPZ_DATE), "w", force_zip64=True) as entry:
                entry.write(write_npy_header(shape, dtype))
                missing = shape[0]
                while missing:
                    part = next(parts)
                    entry.write(write_values(part))
                    missing -= len(part)
                    yield outlet.take()
        archive.writestr(zipfile.ZipInfo("t.npy", NPZ_DATE), write_npy(plan.t))
    yield outlet.take()


class _Outlet(io.RawIOBase):
    """A write-only stream without seeking, for `zipfile`; `take` returns the bytes written since the last call."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        self._chunks.append(bytes(chunk))
        return len(chunk)

    def take(self) -> bytes:
        chunks, self._chunks = self._chunks, []
        return b"".join(chunks)


def _show(plan: SignalPlan, bar: tqdm) -> Iterator[tuple[Array, Array]]:
    for signals, classes in plan.parts():
        bar.update(len(classes))
        yield signals, classes


def _cut(plan: SignalPlan, labels: Bytes) -> Iterator[Array]:
    """Yield the signals of a plan in pieces that do not cross row `split`, and write their classes into `labels`."""
    start = 0
    for signals, classes in plan.parts():
        labels[start : start + len(classes)] = classes
        yield from (piece for piece in np.split(signals, [max(0, plan.split - start)]) if len(piece))
        start += len(classes)


def _widen(labels: Bytes) -> Iterator[Array]:
    for start in range(0, len(labels), LABELS_CHUNK):
        yield labels[start : start + LABELS_CHUNK].astype(np.int64)
