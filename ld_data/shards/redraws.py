"""Shards drawn again from the plan, and compared with the sealed ones."""

import numpy as np

from ld_data.errors import IntegrityError
from ld_data.fingerprint import read_fingerprint
from ld_data.protocols import LatentCodec
from ld_data.shards.inputs import open_inputs
from ld_data.shards.making import LoadCodec, make_arrays
from ld_data.shards.plan import ShardPlan, check_models
from ld_data.shards.root import MEAN_DIGITS, Entry, Root
from ld_data.storage.hashing import hash_array
from ld_data.typing import Array


class Redraws:
    """The shards of a sealed release, drawn by its models on this machine."""

    def __init__(self, plan: ShardPlan, root: Root, load_codec: LoadCodec) -> None:
        """Load the models; raise `IntegrityError` if they are not those of the plan."""
        check_models(plan)
        self._plan, self._root, self._inputs, self._here = plan, root, open_inputs(plan), read_fingerprint()
        self._codec: LatentCodec = load_codec(plan.release)

    def make(self, number: int) -> dict[str, Array]:
        """Return the arrays of a shard, whatever they are."""
        return make_arrays(self._plan, number, self._inputs, self._codec)

    def draw(self, entry: Entry) -> dict[str, Array]:
        """Return the arrays of a shard; raise `IntegrityError` if they are not the sealed ones."""
        arrays = self.make(entry.number)
        if not self.is_sealed(entry, arrays):
            raise IntegrityError(
                f"shard {entry.number} of {self._plan.name}, made here, is not the sealed one. Install the versions "
                "of libraries that its root names, or fetch the shard."
            )
        return arrays

    def is_sealed(self, entry: Entry, arrays: dict[str, Array], stored: Array | None = None) -> bool:
        """Return whether arrays that were drawn again are the sealed ones of a shard.

        y and labels must be equal, and so must x where an equal installation made the shard. Elsewhere x may differ by
        the tolerance of the plan, from the `stored` x, or in the mean of each component where nothing is stored.
        """
        is_equal = {name: hash_array(array) == entry.arrays[name] for name, array in arrays.items()}
        if not is_equal["x"] and self._root.fingerprints[entry.fingerprint].parts != self._here:
            if stored is None:
                means, rounding = arrays["x"].mean(axis=0, dtype=np.float64), 10.0**-MEAN_DIGITS
                difference = np.abs(means - entry.mean).max() - rounding
            else:
                difference = np.abs(arrays["x"] - stored).max()
            is_equal["x"] = bool(difference <= self._plan.tolerance)
        return all(is_equal.values())
