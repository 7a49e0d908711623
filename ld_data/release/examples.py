"""The examples of a release: inputs of some test rows, and a map of x, for the web page."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.storage.arrays import read_npz, write_npz
from ld_data.typing import Array

EXAMPLES_NAME = "examples.npz"


@dataclass(frozen=True)
class Examples:
    """Examples of the first test rows.

    Attributes:
        inputs: those of the source, images `(m, h, w)` or `(m, h, w, 3)`, or signals `(m, t)` float32.
        places: on a map of x, `(n, 2)` float32 within -1 and 1, see `ld_data.health.maps.embed_by_class`.
    """

    inputs: Array
    places: Array

    def save(self, folder: Path) -> None:
        """Write them into the folder of a release."""
        write_npz(folder / EXAMPLES_NAME, vars(self))


def load_examples(folder: Path, input_shape: tuple[int, ...], test_rows: int) -> Examples | None:
    """Return the examples in a release's folder, or None; raise `IntegrityError` if they do not fit the test set."""
    path = folder / EXAMPLES_NAME
    if not path.is_file():
        return None
    arrays = read_npz(path)
    shapes = {name: array.shape for name, array in arrays.items()}
    expected = {"inputs": input_shape, "places": (2,)}
    if "places" in arrays and not np.isfinite(arrays["places"]).all():
        raise IntegrityError(f"{path}: expected finite places. Fetch or build the release again.")
    if {name: shape[1:] for name, shape in shapes.items() if shape and shape[0] <= test_rows} != expected:
        raise IntegrityError(
            f"{path}: expected the arrays inputs {('m', *input_shape)} and places (n, 2) of at most {test_rows} rows; "
            f"received {shapes}. Fetch or build the release again."
        )
    return Examples(**arrays)
