"""A latent dataset as one safetensors file, by the library of that name."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ld_data.extras import import_library
from ld_data.release.manifest import Manifest
from ld_data.typing import Array


def write_safetensors(arrays: Mapping[str, Array], manifest: Manifest, path: Path) -> None:
    """Write the arrays of `data.npz` under their names, with the facts of the release as JSON in the metadata.

    The metadata have one entry, `ld-data`: the library writes several in an order that differs from run to run.
    """
    facts = {
        "name": manifest.name,
        "version": manifest.release_version,
        "licence": manifest.licence,
        "source": manifest.source["name"],
        "command": manifest.command,
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    path.write_bytes(import_library("safetensors.numpy").save(contiguous, {"ld-data": json.dumps(facts)}))
