"""The models of a release or of a preset: saved to a folder, and loaded from it."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ld_data.checks import check_finite, check_numbers
from ld_data.errors import InputError, IntegrityError
from ld_data.release.folder import check_settled, fetch_if_address, read_settled, verify_files
from ld_data.release.manifest import MANIFEST_NAME, FileRecord, ReadRecords, read_description, read_records
from ld_data.storage.arrays import read_npz, write_npz
from ld_data.storage.json_text import read_json
from ld_data.storage.staging import stage_new_folder
from ld_data.typing import Array
from vae.config import VaeConfig
from vae.preset import PRESET_NAME, Y_CLASSES, Preset, verify_preset
from vae.runtime.cells import Cells, GaussianClasses
from vae.runtime.input_codec import InputCodec
from vae.runtime.onnx_network import FrozenVae, Network

FORMAT_VERSION = 5
CONFIG_NAME = "model.json"
CELLS_NAME = "cells.npz"
CLASSES_NAME = "classes.npz"
NETWORKS = ("encoder", "decoder")
NETWORK_FILES = tuple(f"{space}.{network}.onnx" for space in ("x", "y") for network in NETWORKS)
MODEL_FILES = (CONFIG_NAME, CELLS_NAME, CLASSES_NAME, *NETWORK_FILES)
CELLS_ARRAYS = ("class_weight", "class_bias", "class_mean", "frequency")
CLASSES_ARRAYS = ("class_weight", "class_bias", "class_mean", "class_variance", "frequency")
_READERS: dict[str, ReadRecords] = {
    MANIFEST_NAME: partial(read_records, names=MODEL_FILES),
    PRESET_NAME: lambda text, place: Preset.from_json(text, place).files,
}

Find = Callable[[str], Path]  # returns the path of a verified file; raises `IntegrityError` for any other name


@dataclass(frozen=True, eq=False)
class Codec:
    """The models of a release, `x` and `y`, each with `encode` and `decode`: a `LatentCodec`."""

    x: InputCodec
    y: Cells | GaussianClasses

    def __repr__(self) -> str:
        """Return the sizes, not the numbers."""
        return f"<Codec: x {self.x!r}, y {self.y!r}>"

    def save(self, folder: Path) -> None:
        """Write the configuration (JSON), the networks (ONNX) and the classes' arrays into an existing folder."""
        y: dict[str, Any] = {"kind": self.y.kind}
        _save_networks(self.x.vae, folder, "x")
        if isinstance(self.y, Cells):
            write_npz(folder / CELLS_NAME, {name: getattr(self.y, name) for name in CELLS_ARRAYS})
        else:
            y["vae"] = self.y.vae.config.to_json()
            write_npz(folder / CLASSES_NAME, {name: getattr(self.y, name) for name in CLASSES_ARRAYS})
            _save_networks(self.y.vae, folder, "y")
        config = {"format_version": FORMAT_VERSION, "x": self.x.vae.config.to_json(), "y": y}
        (folder / CONFIG_NAME).write_text(json.dumps(config, indent=1) + "\n", "utf-8")

    def save_to_preset(self, folder: str | Path) -> Path:
        """Return the folder, a new or an empty one, after writing the models and `preset.json` into it, for `load`.

        Raises:
            InputError: something is there already.
            StorageError: the disk refuses.
        """
        target = Path(folder).resolve()
        with stage_new_folder(target) as staging:
            self.save(staging)
            records = {path.name: FileRecord.of(path) for path in sorted(staging.iterdir())}
            preset = Preset(type(self.x).__name__, type(self.y).__name__, records)
            (staging / PRESET_NAME).write_text(preset.to_json(), "utf-8")
        return target


def load(name: str | Path) -> Codec:
    """Return the models of a release or of a preset, by a release's name, a folder, or an address.

    `Codec.save_to_preset` and `python -m vae train` write presets. An address names a release of a service,
    `http://HOST/v1/datasets/NAME`, or a served folder with a manifest.json or preset.json: only the models are fetched,
    and kept in the cache folder. All files are checked against the hashes of the manifest or the preset before they are
    read.

    Raises:
        UnknownNameError: there is no such release.
        IntegrityError: the models were altered or cannot be read.
        DownloadError: the address does not deliver.
        MissingDataError: `LD_DATA_OFFLINE` forbids the download, and the cache does not hold the models.
    """
    return read_settled(fetch_if_address(name, _READERS, "models"), _read_verified)


def _read_verified(folder: Path) -> Codec:
    """Return the models in the folder of a release or of a preset."""
    if (folder / MANIFEST_NAME).exists():
        manifest = verify_files(folder, MODEL_FILES)
        place, y_kind, files = MANIFEST_NAME, manifest.y_kind, manifest.files
    elif (folder / PRESET_NAME).is_file():
        preset = verify_preset(folder)
        place, y_kind, files = PRESET_NAME, Y_CLASSES[preset.y], preset.files
    else:
        raise IntegrityError(
            f"{folder} has neither {MANIFEST_NAME} nor {PRESET_NAME}, so that its models cannot be checked. Name the "
            "folder of a release or of a preset, and write a preset with save_to_preset or `python -m vae train`."
        )
    codec = _read(folder, files)
    if place == MANIFEST_NAME:
        check_settled(folder, manifest)
        sizes = (codec.x.latent_dim, *codec.y.class_weight.shape)
        if sizes != (d := manifest.latent_dim, d, manifest.classes):
            raise IntegrityError(
                f"{folder}: the manifest says d = {d} and k = {manifest.classes}; the models have d = {sizes[0]} for "
                f"x, and d = {sizes[1]} and k = {sizes[2]} for y. Fetch, build or save the models again."
            )
    if codec.y.kind != y_kind:
        raise IntegrityError(
            f"{folder}: {place} says that y is {y_kind}, and {CONFIG_NAME} that it is {codec.y.kind}. Fetch, build or "
            "save the models again."
        )
    return codec


def _read(folder: Path, verified: Collection[str]) -> Codec:
    """Return the models in a folder; only verified files are read."""

    def find(name: str) -> Path:
        if name not in verified:
            raise IntegrityError(f"{name} is missing, or is not among the verified files")
        return folder / name

    try:
        config = read_json(read_description(find(CONFIG_NAME)))
        if config["format_version"] != FORMAT_VERSION:
            raise ValueError(f"expected format_version {FORMAT_VERSION}; received {config['format_version']}")
        return Codec(InputCodec(_load_networks(config["x"], find, "x")), _load_y(config["y"], find))
    except (ValueError, TypeError, KeyError, OSError, InputError, IntegrityError, AttributeError) as error:
        raise IntegrityError(
            f"{folder}: could not load its models ({error}). Fetch, build or save them again."
        ) from error


def _save_networks(vae: FrozenVae, folder: Path, space: str) -> None:
    for name in NETWORKS:
        (folder / f"{space}.{name}.onnx").write_bytes(getattr(vae, name).model)


def _load_networks(config: dict[str, Any], find: Find, space: str) -> FrozenVae:
    encoder, decoder = (Network(find(f"{space}.{name}.onnx")) for name in NETWORKS)
    return FrozenVae(VaeConfig.from_json(config), encoder, decoder)


def _load_y(config: dict[str, Any], find: Find) -> Cells | GaussianClasses:
    if config["kind"] == "cells":
        return Cells(**_read_classes(find(CELLS_NAME), CELLS_ARRAYS))
    if config["kind"] == "gaussian":
        vae = _load_networks(config["vae"], find, "y")
        return GaussianClasses(vae=vae, **_read_classes(find(CLASSES_NAME), CLASSES_ARRAYS))
    raise ValueError(f"expected the y kind cells or gaussian; received {config['kind']!r}")


def _read_classes(path: Path, names: Collection[str]) -> dict[str, Array]:
    """Return the arrays of these names; raise `ValueError` or `InputError` if they do not fit together."""
    arrays = read_npz(path)
    d, k = arrays["class_weight"].shape
    shapes = {"class_weight": (d, k), "class_bias": (k,), "frequency": (k,)}
    for name in names:
        if arrays[name].shape != (expected := shapes.get(name, (k, d))):
            raise ValueError(f"{path.name}: expected {name} of shape {expected}; received {arrays[name].shape}")
        check_finite(check_numbers(arrays[name], name), name)
    return {name: arrays[name] for name in names}
