"""Rows of latents as other libraries take them, each imported once it is asked for: `import ld_data` needs none."""

from typing import Any

import numpy as np

from ld_data.extras import name_missing


def make_tf_dataset(x: np.ndarray, y: np.ndarray) -> Any:
    """Return a `tf.data.Dataset` of n pairs, `(d,)` and `(d,)`, of x `(n, d)` and y `(n, d)`: unbatched, in order.

    Raises `MissingLibraryError` without TensorFlow.
    """
    with name_missing():
        import tensorflow as tf
    return tf.data.Dataset.from_tensor_slices((x, y))


def make_torch_dataset(x: np.ndarray, y: np.ndarray) -> Any:
    """Return a `torch.utils.data.TensorDataset` of n pairs, `(d,)` and `(d,)`, of x `(n, d)` and y `(n, d)`.

    Raises `MissingLibraryError` without PyTorch.
    """
    with name_missing():
        import torch
        from torch.utils.data import TensorDataset
    # copies: a loop that writes into its batches in place does not reach the data set, which may be read-only
    return TensorDataset(torch.tensor(x), torch.tensor(y))


def make_dataframe(x: np.ndarray, y: np.ndarray, label: np.ndarray) -> Any:
    """Return a `pandas.DataFrame` of n rows, with the columns x_0 to x_(d-1), y_0 to y_(d-1), and label.

    Of x `(n, d)`, y `(n, d)` and label `(n,)`, in their types. Raises `MissingLibraryError` without pandas.
    """
    with name_missing():
        import pandas as pd
    parts = {"x": x, "y": y}
    frames = [pd.DataFrame(rows, columns=name_columns(space, rows.shape[1])) for space, rows in parts.items()]
    return pd.concat([*frames, pd.Series(label, name="label")], axis=1)


def name_columns(space: str, width: int) -> list[str]:
    """Return the names of the components of a latent space, `x_0` to `x_31`."""
    return [f"{space}_{number}" for number in range(width)]
