"""What a release holds to be looked at, beside its latents: some inputs of the test rows, and a map of their x."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.storage.arrays import read_npz, write_npz

EXAMPLES_NAME = "examples.npz"
INPUT_ROWS = 100
PLACE_ROWS = 3000


@dataclass(frozen=True)
class Examples:
    """Of the first test rows.

    Attributes:
        inputs: as the source has them, images `(m, h, w)` uint8 or signals `(m, t)` float32.
        places: on a map of x, `(n, 2)` float32 within -1 and 1, see `ld_data.health.maps.embed_by_class`.
    """

    inputs: np.ndarray
    places: np.ndarray

    def save(self, folder: Path) -> None:
        """Write them into the folder of a release."""
        write_npz(folder / EXAMPLES_NAME, vars(self))


def load_examples(folder: Path, input_shape: tuple[int, ...], test_rows: int) -> Examples | None:
    """Return the examples in the folder of a release; None if it has none, as one made by an older version.

    Raises `IntegrityError` if they are not of such inputs, or of more rows than there are.
    """
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
