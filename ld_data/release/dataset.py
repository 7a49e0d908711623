"""A latent dataset in memory."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ld_data.checks import GREATEST_VALUE, check_finite, check_integer, check_numbers, describe_shape
from ld_data.errors import InputError, IntegrityError, UnknownNameError
from ld_data.extras import import_library
from ld_data.release.manifest import Manifest
from ld_data.storage.hashing import hash_array
from ld_data.typing import Array

ARRAY_NAMES = ("x_train", "y_train", "label_train", "x_test", "y_test", "label_test")
CELL_NAMES = ("class_weight", "class_bias", "class_mean")
TEST_NAMES = ("x_test", "y_test", "label_test", *CELL_NAMES)  # a score depends on these arrays
# The predecessor's file names, and the arrays that they hold.
NPY_FILES = {"train_x.npy": "x_train", "train_y.npy": "y_train", "test_x.npy": "x_test", "test_y.npy": "y_test"}


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of one split: x `(n, d)` float32, y `(n, d)` float32, label `(n,)` uint8, in the source's order.

    `class_mean` is that of the dataset, which sets it, and None for rows outside a dataset.
    """

    x: Array
    y: Array
    label: Array
    class_mean: Array | None = None

    def __len__(self) -> int:
        """Return n."""
        return len(self.label)

    @cached_property
    def y_mean(self) -> Array:
        """E[y | class] of each row `(n, d)` float32: y without its noise, which a learner of pairs (x, y) never sees.

        Raises:
            InputError: the rows belong to no dataset, which has the means.
        """
        if self.class_mean is None:
            raise InputError("these rows belong to no dataset, so their class means are unknown: make a LatentDataset.")
        return self.class_mean[self.label].astype(np.float32, copy=False)

    def find_target(self, noise_free: bool) -> Array:
        """Return `y_mean` if the target is to be free of noise, else y."""
        return self.y_mean if noise_free else self.y

    def take(self, rows: int) -> "Split":
        """Return the first `rows` rows, or all if there are fewer."""
        return replace(self, x=self.x[:rows], y=self.y[:rows], label=self.label[:rows])

    def __repr__(self) -> str:
        """Return the shapes, not the numbers."""
        return f"<Split: x {self.x.shape}, y {self.y.shape}, label {self.label.shape}>"


@dataclass(frozen=True, eq=False)
class LatentDataset:
    """Pairs (x, y) of latents, with the cells and the class means of y.

    Methods that take a split raise `InputError` for another than "train" and "test"; those for a library raise
    `MissingLibraryError` without it.

    Attributes:
        name: of the release.
        train, test: the splits.
        class_weight, class_bias: W `(d, k)` and b `(k,)`: the class of y is argmax(y @ W + b).
        class_mean: E[y | class] `(k, d)`: the answers of an oracle that knows the class.
        manifest: of the release, with hashes, nulls and floors; None for a dataset from elsewhere.
        read_shift: returns the x of a shifted test set of the release by its name; None for a dataset from elsewhere.
        shift: the name of the shift of the test rows; empty for the test rows themselves.
        place: the name, folder or address that it was loaded from; empty for a dataset from elsewhere.
    """

    name: str
    train: Split
    test: Split
    class_weight: Array
    class_bias: Array
    class_mean: Array
    manifest: Manifest | None = None
    read_shift: Callable[[str], Array] | None = None
    shift: str = ""
    place: str = ""

    def __post_init__(self) -> None:
        """Give the splits the class means."""
        for name in ("train", "test"):
            split: Split = getattr(self, name)
            if split.class_mean is not self.class_mean:
                object.__setattr__(self, name, replace(split, class_mean=self.class_mean))

    def __repr__(self) -> str:
        """Return the sizes, not the numbers."""
        rows = f"{len(self.train)} training rows, {len(self.test)} test rows"
        return f"<LatentDataset {self.name}: {rows}, d = {self.latent_dim}, {self.classes} classes>"

    @property
    def latent_dim(self) -> int:
        """The latent size d."""
        return int(self.class_weight.shape[0])

    @property
    def classes(self) -> int:
        """The number of classes k."""
        return int(self.class_weight.shape[1])

    @cached_property
    def test_sha256(self) -> str:
        """The version of the test set: the sha256 of the lines `NAME SHA256` of the arrays in `TEST_NAMES`."""
        arrays = self.to_arrays()
        lines = "".join(f"{name} {hash_array(arrays[name])}\n" for name in TEST_NAMES)
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def shifts(self) -> tuple[str, ...]:
        """The names of the shifted test sets of the release."""
        return tuple(self.manifest.shifts) if self.manifest and self.read_shift else ()

    def shifted(self, shift: str) -> "LatentDataset":
        """Return the dataset with the x of a shifted test set in its test rows, read now; the y stay.

        Raises:
            UnknownNameError: the release has no such shift.
            IntegrityError: the file differs from the manifest.
            DownloadError: the dataset is from an address, which does not deliver.
            MissingDataError: `LD_DATA_OFFLINE` forbids the download from the address.
        """
        if shift not in self.shifts or self.read_shift is None:
            remedy = "" if self.shift else f" Make some with `python -m ld_data shifts {self.name}`."
            known = f"It has: {', '.join(self.shifts)}." if self.shifts else f"It has none.{remedy}"
            raise UnknownNameError(f"{self.name} has no shifted test set {shift!r}. {known}")
        test = replace(self.test, x=self.read_shift(shift))
        return replace(self, name=f"{self.name} {shift}", test=test, shift=shift, manifest=None, read_shift=None)

    def classify(self, y: Array) -> Array:
        """Return the classes `(n,)` int64 of y latents `(n, d)`; raise `InputError` for others, or beyond +-1e6."""
        latents = check_finite(check_numbers(y, "y"), "y", GREATEST_VALUE)
        if latents.shape[1:] != (self.latent_dim,):
            raise InputError(f"y must have shape (n, {self.latent_dim}); {describe_shape(latents, (self.latent_dim,))}")
        return np.argmax(latents @ self.class_weight + self.class_bias, axis=1)

    def as_keras(self, *, noise_free: bool = False) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Return `(x_train, y_train), (x_test, y_test)` as `keras.datasets` does, in copies.

        With `noise_free`, here and below, y are the class means (`Split.y_mean`).
        """
        train, test = ((split.x.copy(), split.find_target(noise_free).copy()) for split in (self.train, self.test))
        return train, test

    def as_tf_dataset(self, split: str = "train", *, noise_free: bool = False) -> Any:
        """Return a `tf.data.Dataset` of the pairs (x, y), `(d,)` float32 each, unbatched and in order."""
        rows = self.find_split(split)
        return import_library("tensorflow").data.Dataset.from_tensor_slices((rows.x, rows.find_target(noise_free)))

    def as_torch_dataset(self, split: str = "train", *, noise_free: bool = False) -> Any:
        """Return a `torch.utils.data.TensorDataset` of the pairs (x, y), `(d,)` float32 each, in copies."""
        rows = self.find_split(split)
        torch, data = import_library("torch"), import_library("torch.utils.data")
        # copies: a training loop may write into its batches, and the dataset may be read-only
        return data.TensorDataset(torch.tensor(rows.x), torch.tensor(rows.find_target(noise_free)))

    def as_dataframe(self, split: str = "train") -> Any:
        """Return a `pandas.DataFrame` with the columns x_0, x_1, ..., y_0, y_1, ... float32, and label uint8."""
        rows = self.find_split(split)
        pd = import_library("pandas")
        frames = [
            pd.DataFrame(latents, columns=name_columns(space, self.latent_dim))
            for space, latents in (("x", rows.x), ("y", rows.y))
        ]
        return pd.concat([*frames, pd.Series(rows.label, name="label")], axis=1)

    def find_split(self, name: str) -> Split:
        """Return the split called "train" or "test"."""
        if name not in ("train", "test"):
            raise InputError(f"split must be one of train, test; received {name!r}.")
        return self.train if name == "train" else self.test

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays of `data.npz` by name."""
        splits = (("train", self.train), ("test", self.test))
        arrays = {f"{part}_{name}": getattr(split, part) for name, split in splits for part in ("x", "y", "label")}
        return arrays | {name: getattr(self, name) for name in CELL_NAMES}

    def save_npy(self, folder: Path) -> list[Path]:
        """Write the predecessor's four files into an existing folder and return their paths."""
        for file, name in NPY_FILES.items():
            np.save(folder / file, self.to_arrays()[name], allow_pickle=False)
        return [folder / file for file in NPY_FILES]

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, Array], manifest: Manifest | None = None) -> "LatentDataset":
        """Return the dataset of the arrays of `to_arrays`.

        Raises:
            IntegrityError: an array is missing or misshapen, or holds other values than finite numbers and labels of k
                classes.
        """
        if missing := [part for part in (*ARRAY_NAMES, *CELL_NAMES) if part not in arrays]:
            raise IntegrityError(f"{name}: expected the arrays {', '.join(missing)}; received {', '.join(arrays)}.")
        d, k = (*arrays["class_weight"].shape, 0, 0)[:2]
        shapes: dict[str, tuple[int, ...]] = {"class_weight": (d, k), "class_bias": (k,), "class_mean": (k, d)}
        for split in ("train", "test"):
            n = arrays[f"label_{split}"].size
            shapes |= {f"label_{split}": (n,), f"x_{split}": (n, d), f"y_{split}": (n, d)}
        for part, expected in shapes.items():
            if (received := arrays[part].shape) != expected:
                raise IntegrityError(f"{name}: {part} must have shape {expected}; received {received}.")
            _check_values(f"{name}: {part}", arrays[part], k if part.startswith("label_") else None)
        train, test = (
            Split(arrays[f"x_{split}"], arrays[f"y_{split}"], arrays[f"label_{split}"]) for split in ("train", "test")
        )
        weight, bias, mean = (arrays[part] for part in CELL_NAMES)
        return cls(name, train, test, weight, bias, mean, manifest)


def subset(data: LatentDataset, rows: int) -> LatentDataset:
    """Return a dataset with the first `rows` training rows, in which each class occurs, and all test rows.

    The null of its scores is the mean of these rows. They rank as others: `data_sha256` is that of the test set.

    Raises:
        InputError: the training rows are fewer, or a class has none among these; the message says how many have all.
    """
    check_integer(f"the training rows of {data.name} to take", rows, 1, len(data.train))
    classes, first = np.unique(data.train.label, return_index=True)
    if (held := int((first < rows).sum())) < len(classes):
        raise InputError(
            f"the first {rows} training rows of {data.name} hold {held} of {len(classes)} classes. Take "
            f"{first.max() + 1} or more."
        )
    return replace(data, train=data.train.take(rows))


def _check_values(title: str, array: Array, classes: int | None) -> None:
    """Raise `IntegrityError` unless an array holds finite numbers or, with a number of classes, labels of these."""
    if classes is None:
        is_right = array.dtype.kind == "f" and np.isfinite(array).all()
    else:
        is_right = array.dtype.kind in "iu" and ((array >= 0) & (array < classes)).all()
    if not is_right or not array.size:
        expected = "finite numbers" if classes is None else f"integers from 0 to {classes - 1}"
        raise IntegrityError(f"{title} must hold {expected}; received others, {array.dtype} {array.shape}.")


def name_columns(space: str, width: int) -> list[str]:
    """Return the names of the components of a latent space, `x_0` to `x_31`."""
    return [f"{space}_{number}" for number in range(width)]
