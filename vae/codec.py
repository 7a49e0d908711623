"""The models of a release: saved to its folder, and loaded from it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ld_data.arrays import read_npz, write_npz
from ld_data.errors import InputError, IntegrityError
from ld_data.manifest import MANIFEST_NAME
from ld_data.release import find_release, verify_files
from vae.cells import Cells
from vae.config import VaeConfig
from vae.frozen import FrozenVae
from vae.gaussian_classes import GaussianClasses
from vae.inputs import InputCodec
from vae.network import Network

FORMAT_VERSION = 5
CONFIG_NAME = "model.json"
CELLS_NAME = "cells.npz"
CLASSES_NAME = "classes.npz"
NETWORKS = ("encoder", "decoder")
NETWORK_FILES = tuple(f"{space}.{network}.onnx" for space in ("x", "y") for network in NETWORKS)
MODEL_FILES = (CONFIG_NAME, CELLS_NAME, CLASSES_NAME, *NETWORK_FILES)
CELLS_ARRAYS = ("class_weight", "class_bias", "class_mean", "frequency")
CLASSES_ARRAYS = ("class_weight", "class_bias", "class_mean", "class_variance", "frequency")


@dataclass(frozen=True)
class Codec:
    """The models of a release, `x` and `y`, each with `encode` and `decode`; satisfies `ld_data.codec.LatentCodec`."""

    x: InputCodec
    y: Cells | GaussianClasses

    def save(self, folder: Path) -> None:
        """Write the configuration (JSON), the networks (ONNX) and the classes' arrays into an existing folder."""
        config: dict[str, Any] = {"format_version": FORMAT_VERSION, "x": self.x.vae.config.to_json()}
        _save_networks(self.x.vae, folder, "x")
        if isinstance(self.y, Cells):
            config["y"] = {"kind": "cells"}
            write_npz(folder / CELLS_NAME, {name: getattr(self.y, name) for name in CELLS_ARRAYS})
        else:
            config["y"] = {"kind": "gaussian", "vae": self.y.vae.config.to_json()}
            write_npz(folder / CLASSES_NAME, {name: getattr(self.y, name) for name in CLASSES_ARRAYS})
            _save_networks(self.y.vae, folder, "y")
        (folder / CONFIG_NAME).write_text(json.dumps(config, indent=1) + "\n", "utf-8")


def load(name: str | Path) -> Codec:
    """Return the models of a release, by name or folder, or of a folder that `python -m vae train` wrote.

    The files of a release are checked against its manifest before anything is read from them. Raises
    `UnknownNameError` if there is no such release, `IntegrityError` if it was altered or cannot be read.
    """
    folder = find_release(name)
    if (folder / MANIFEST_NAME).exists():
        verify_files(folder, MODEL_FILES)
    try:
        config = json.loads((folder / CONFIG_NAME).read_text("utf-8"))
        if config["format_version"] != FORMAT_VERSION:
            raise ValueError(f"expected format_version {FORMAT_VERSION}; received {config['format_version']}")
        x = InputCodec(_load_networks(config["x"], folder, "x"))
        return Codec(x, _load_y(config["y"], folder))
    except (ValueError, TypeError, KeyError, OSError, InputError, IntegrityError) as error:
        raise IntegrityError(
            f"{folder}: could not load its models ({error}). Fetch or build the release again."
        ) from error


def _save_networks(vae: FrozenVae, folder: Path, space: str) -> None:
    for name in NETWORKS:
        (folder / f"{space}.{name}.onnx").write_bytes(getattr(vae, name).model)


def _load_networks(config: dict[str, Any], folder: Path, space: str) -> FrozenVae:
    encoder, decoder = (Network(folder / f"{space}.{name}.onnx") for name in NETWORKS)
    return FrozenVae(VaeConfig.from_json(config), encoder, decoder)


def _load_y(config: dict[str, Any], folder: Path) -> Cells | GaussianClasses:
    if config["kind"] == "cells":
        arrays = read_npz(folder / CELLS_NAME)
        return Cells(*(arrays[name] for name in CELLS_ARRAYS))
    if config["kind"] == "gaussian":
        arrays = read_npz(folder / CLASSES_NAME)
        return GaussianClasses(_load_networks(config["vae"], folder, "y"), *(arrays[name] for name in CLASSES_ARRAYS))
    raise ValueError(f"expected the y kind cells or gaussian; received {config['kind']!r}")
