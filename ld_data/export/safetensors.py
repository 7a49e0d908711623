"""A latent dataset as one safetensors file, by the library of that name."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ld_data.extras import name_missing
from ld_data.release.manifest import Manifest

with name_missing():
    from safetensors.numpy import save


def write_safetensors(arrays: Mapping[str, np.ndarray], manifest: Manifest, path: Path) -> None:
    """Write the arrays of `data.npz` under their names, with what a reader wants to know as JSON in the metadata.

    It is one entry, `ld-data`: several are written in an order that differs from run to run.
    """
    facts = {
        "name": manifest.name,
        "version": manifest.release_version,
        "licence": manifest.licence,
        "source": manifest.source["name"],
        "command": manifest.command,
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    path.write_bytes(save(contiguous, {"ld-data": json.dumps(facts)}))
