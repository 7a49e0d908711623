"""The formats of an exported dataset: the files of each, and their writers."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ld_data.errors import InputError, StorageError
from ld_data.export.arrow import write_csv, write_parquet
from ld_data.export.card import CARD_NAME, make_card
from ld_data.export.croissant import CROISSANT_NAME, describe_dataset
from ld_data.export.safetensors import write_safetensors
from ld_data.release.dataset import NPY_FILES, LatentDataset
from ld_data.release.folder import DATA_NAME
from ld_data.release.manifest import FileRecord, Manifest
from ld_data.storage.arrays import write_npz
from ld_data.storage.staging import make_staging_folder

PARQUET_FILES = ("train.parquet", "test.parquet", "classes.parquet")
FORMATS: dict[str, tuple[str, ...]] = {
    "npz": (DATA_NAME, CARD_NAME),
    "npy": (*NPY_FILES, CARD_NAME),
    "parquet": (*PARQUET_FILES, CARD_NAME, CROISSANT_NAME),
    "safetensors": ("data.safetensors", CARD_NAME),
    "csv": ("train.csv", "test.csv", "classes.csv", CARD_NAME),
}


def export_dataset(data: LatentDataset, form: str, folder: str | Path) -> list[Path]:
    """Return the files of a new folder that holds a release's dataset in one of the `FORMATS`, and its card.

    Every format holds all arrays with equal values, except `npy`, the predecessor's four files. The card of Parquet and
    a Croissant description let Hugging Face's `datasets` and `mlcroissant` read the folder. The folder takes its name
    last.

    Raises:
        InputError: the format is unknown, or the dataset has no manifest.
        StorageError: the folder exists, or the disk refuses.
        MissingLibraryError: the library that writes the format is not installed.
    """
    if form not in FORMATS:
        raise InputError(f"no format {form!r}. Known: {', '.join(FORMATS)}.")
    if data.manifest is None:
        raise InputError("only the dataset of a release can be exported: load one with ld_data.load(...).")
    target = Path(folder)
    if target.exists():
        raise StorageError(f"{target} exists and is not overwritten. Choose another folder (--out).")
    with make_staging_folder(target.parent, target.name) as staging:
        _WRITERS[form](data, data.manifest, staging)
        (staging / CARD_NAME).write_text(make_card(data.manifest, tables=form == "parquet"), "utf-8")
        staging.rename(target)
    return [target / name for name in FORMATS[form]]


def _write_parquet(data: LatentDataset, manifest: Manifest, folder: Path) -> None:
    write_parquet(data, folder)
    records = {name: FileRecord.of(folder / name) for name in PARQUET_FILES}
    (folder / CROISSANT_NAME).write_text(describe_dataset(manifest, records), "utf-8")


_WRITERS: Mapping[str, Callable[[LatentDataset, Manifest, Path], object]] = {
    "npz": lambda data, _, folder: write_npz(folder / DATA_NAME, data.to_arrays()),
    "npy": lambda data, _, folder: data.save_npy(folder),
    "parquet": _write_parquet,
    "safetensors": lambda data, manifest, folder: write_safetensors(
        data.to_arrays(), manifest, folder / "data.safetensors"
    ),
    "csv": lambda data, _, folder: write_csv(data, folder),
}
