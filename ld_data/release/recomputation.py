"""A release drawn again by its own models, and compared with what is published."""

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.fingerprint import TOLERANCE, read_fingerprint
from ld_data.protocols import LatentCodec
from ld_data.release.dataset import LatentDataset
from ld_data.release.manifest import Manifest
from ld_data.release.writer import encode_shift, make_dataset
from ld_data.sources.source import Source


def compare_draws(manifest: Manifest, data: LatentDataset, source: Source, codec: LatentCodec) -> dict[str, float]:
    """Return the greatest difference of each array from the one that the models draw again from the source.

    Raises:
        IntegrityError: a number differs by more than `TOLERANCE`, or a label at all.
    """
    arrays, again = data.to_arrays(), make_dataset(source, codec, manifest.name, manifest.seed).to_arrays()
    for shift, parameters in manifest.shifts.items():
        arrays[shift] = data.shifted(shift).test.x
        again[shift] = encode_shift(source, codec, manifest.seed, shift, parameters)
    differences = {}
    for name, array in arrays.items():
        if again[name].shape != array.shape:
            raise IntegrityError(f"{manifest.name}: {name} has shape {array.shape}; drawn again {again[name].shape}.")
        differences[name] = float(np.abs(again[name].astype(float) - array).max())
    allowed = {name: 0.0 if name.startswith("label_") else TOLERANCE for name in differences}
    if wrong := [f"{name} by {value:g}" for name, value in differences.items() if value > allowed[name]]:
        raise IntegrityError(
            f"{manifest.name} is not what its models draw: {', '.join(wrong)}. Numbers may differ by {TOLERANCE:g} and "
            f"labels not at all. It was built with {manifest.fingerprint or 'an unknown fingerprint'}, and drawn again "
            f"with {read_fingerprint()}."
        )
    return differences
