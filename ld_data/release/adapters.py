"""Rows of latents for other libraries; each function imports its library, so that `import ld_data` needs none."""

from typing import Any

from ld_data.extras import import_library
from ld_data.typing import Array


def make_tf_dataset(x: Array, y: Array) -> Any:
    """Return a `tf.data.Dataset` of n pairs, `(d,)` and `(d,)`, of x `(n, d)` and y `(n, d)`: unbatched, in order.

    Raises:
        MissingLibraryError: TensorFlow is not installed.
    """
    return import_library("tensorflow").data.Dataset.from_tensor_slices((x, y))


def make_torch_dataset(x: Array, y: Array) -> Any:
    """Return a `torch.utils.data.TensorDataset` of n pairs, `(d,)` and `(d,)`, of x `(n, d)` and y `(n, d)`.

    Raises:
        MissingLibraryError: PyTorch is not installed.
    """
    torch, data = import_library("torch"), import_library("torch.utils.data")
    # copies: a training loop may write into its batches, and the dataset may be read-only
    return data.TensorDataset(torch.tensor(x), torch.tensor(y))


def make_dataframe(x: Array, y: Array, label: Array) -> Any:
    """Return a `pandas.DataFrame` with the columns x_0 to x_(d-1), y_0 to y_(d-1), and label, in the arrays' types.

    Args:
        x: latents `(n, d)`.
        y: latents `(n, d)`.
        label: classes `(n,)`.

    Raises:
        MissingLibraryError: pandas is not installed.
    """
    pd = import_library("pandas")
    parts = {"x": x, "y": y}
    frames = [pd.DataFrame(rows, columns=name_columns(space, rows.shape[1])) for space, rows in parts.items()]
    return pd.concat([*frames, pd.Series(label, name="label")], axis=1)


def name_columns(space: str, width: int) -> list[str]:
    """Return the names of the components of a latent space, `x_0` to `x_31`."""
    return [f"{space}_{number}" for number in range(width)]
