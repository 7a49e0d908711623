"""The door for arrays of users: numbers in any container are converted exactly, or refused with a remedy.

No library of tensors or frames is imported: their objects are known by their attributes.
"""

from typing import Any

import numpy as np

from ld_data.errors import InputError
from ld_data.typing import Array

PLAIN = {bool, int, float, np.ndarray}
# Wrappers whose meaning numpy drops without a word: the attributes that they have, and the remedy.
WRAPPERS = (
    (("units", "magnitude"), "with a unit", "Convert it to a number without a unit, and pass its magnitude."),
    (("unit", "to_value"), "with a unit", "Convert it to a number without a unit, and pass its value."),
    (("nnz", "toarray"), "that is sparse", "Pass its toarray()."),
    (
        ("palette", "getpixel"),
        "with a palette",
        'Take its convert("L") in grey, or its convert("RGB").',
    ),
)


def read_array(values: object, name: str) -> Array:
    """Return the values of any container as an array, whatever their type; floats that numpy lacks become float32.

    Containers are arrays, nested lists and tuples, data frames and tables, and tensors: on a device, with gradients, of
    bfloat16 or float8.

    Raises:
        InputError: rows differ in length, values are masked, numpy would drop a unit or a palette, a table mixes
            booleans with numbers, or the container cannot be converted.
    """
    try:
        array = values if type(values) is np.ndarray else _convert(values, name)
    except InputError:
        raise
    except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
        if "inhomogeneous" in str(error):  # numpy's word
            raise InputError(f"{name} must be a rectangular array of numbers; its rows differ in length.") from error
        raise InputError(
            f"{name} must be numbers that numpy can read; {type(values).__name__} cannot be converted ({error})."
        ) from error
    if array.dtype.type.__module__ == "ml_dtypes":  # float32 and int64 hold all their values
        return array.astype(np.int64 if "int" in array.dtype.name else np.float32)
    return array


def place_channels(array: Array, row_shape: tuple[int, ...]) -> Array:
    """Return rows of that shape, other rows unchanged.

    A channel axis of size 1, before or after the others, is dropped; the channels of colours may stand first.
    """
    if array.shape[1:] in ((1, *row_shape), (*row_shape, 1)):
        return array.reshape(len(array), *row_shape)
    if array.shape[1:] != row_shape and len(row_shape) == 3 and array.shape[1:] == (row_shape[2], *row_shape[:2]):
        return np.moveaxis(array, 1, -1)
    return array


def _convert(values: Any, name: str) -> Array:
    if isinstance(values, list | tuple):
        is_plain = all(kind in PLAIN or issubclass(kind, np.generic) for kind in set(map(type, values)))
        return np.asarray(values if is_plain else [_convert(value, name) for value in values])
    if hasattr(values, "iloc") and values.ndim == 2:  # pandas
        return _join([np.asarray(values.iloc[:, number]) for number in range(values.shape[1])], values, name)
    if hasattr(values, "column_names"):  # pyarrow
        return _join([np.asarray(column) for column in values.columns], values, name)
    _refuse_wrapper(values, name)
    if hasattr(values, "detach"):  # PyTorch
        return _read_tensor(values.detach().cpu())
    is_cupy = hasattr(values, "__cuda_array_interface__") and hasattr(values, "get")  # numpy reads JAX's arrays itself
    return np.asarray(values.get() if is_cupy else values)


def _refuse_wrapper(values: object, name: str) -> None:
    """Raise `InputError` for values whose mask, unit or other meaning numpy would drop."""
    if np.ma.is_masked(values):
        raise InputError(f"{name} must have no masked values. Fill them, or leave out their rows.")
    for attributes, kind, remedy in WRAPPERS:
        if all(getattr(values, attribute, None) is not None for attribute in attributes):
            raise InputError(f"{name} must be plain numbers; received a {type(values).__name__} {kind}. {remedy}")


def _join(columns: list[Array], table: object, name: str) -> Array:
    """Return columns `(n,)` as an array `(n, columns)`; refuse booleans beside numbers."""
    if len({column.dtype.kind == "b" for column in columns}) > 1:
        raise InputError(f"{name} must be numbers; some columns are booleans. Convert all of them with astype(float).")
    return np.stack(columns, axis=1) if columns else np.asarray(table)


def _read_tensor(tensor: Any) -> Array:
    try:
        return np.asarray(tensor.numpy())
    except TypeError:  # numpy has no bfloat16
        return np.asarray(tensor.float().numpy())
