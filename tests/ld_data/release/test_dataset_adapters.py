import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import ld_data
from ld_data.errors import InputError, MissingLibraryError


@pytest.fixture
def data(release):
    return ld_data.load("fake-4")


class FakeTensorDataset:
    """As PyTorch's: item i is the i-th row of each tensor."""

    def __init__(self, *tensors):
        assert len({len(tensor) for tensor in tensors}) == 1
        self.tensors = tensors

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, item):
        return tuple(tensor[item] for tensor in self.tensors)


@pytest.fixture(params=["fake", "real"])
def torch(request, monkeypatch):
    """PyTorch where it is installed, and a fake with the used parts of it: `tensor` copies arrays, as `numpy.array`."""
    if request.param == "real":
        return pytest.importorskip("torch", reason="needs PyTorch, which LD-Data does not install")
    modules = {name: ModuleType(name) for name in ("torch", "torch.utils", "torch.utils.data")}
    modules["torch"].tensor = np.array
    modules["torch.utils.data"].TensorDataset = FakeTensorDataset
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return modules["torch"]


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_tf_dataset_holds_the_pairs_in_order(data, split):
    import tensorflow as tf

    rows = getattr(data, split)
    made = data.as_tf_dataset(split)
    assert isinstance(made, tf.data.Dataset)
    assert made.element_spec == (tf.TensorSpec(4, tf.float32), tf.TensorSpec(4, tf.float32))
    assert made.cardinality() == len(rows)
    x, y = next(iter(made.batch(len(rows))))
    assert np.array_equal(x, rows.x)
    assert np.array_equal(y, rows.y)
    _, y = next(iter(data.as_tf_dataset(split, noise_free=True).batch(len(rows))))
    assert np.array_equal(y, rows.y_mean)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_torch_dataset_holds_copies_of_the_pairs(data, torch, split):
    rows = getattr(data, split)
    for array in (rows.x, rows.y):
        array.flags.writeable = False  # as for rows that stay on disk
    made = data.as_torch_dataset(split)
    assert len(made) == len(rows)
    x, y = made[:]
    assert np.array_equal(np.asarray(x), rows.x)
    assert np.array_equal(np.asarray(y), rows.y)
    assert np.asarray(x).dtype == np.asarray(y).dtype == np.float32
    assert np.array_equal(np.asarray(made[3][1]), rows.y[3])
    assert not np.shares_memory(np.asarray(x), rows.x)
    assert np.array_equal(np.asarray(data.as_torch_dataset(split, noise_free=True)[:][1]), rows.y_mean)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_data_frame_holds_exact_values_in_their_types(data, split):
    rows = getattr(data, split)
    frame = data.as_dataframe(split)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame) == [f"{space}_{number}" for space in "xy" for number in range(4)] + ["label"]
    assert np.array_equal(frame.loc[:, "x_0":"x_3"].to_numpy(), rows.x)
    assert np.array_equal(frame.loc[:, "y_0":"y_3"].to_numpy(), rows.y)
    assert np.array_equal(frame["label"], rows.label)
    assert list(frame.dtypes) == [np.float32] * 8 + [np.uint8]
    assert frame.index.equals(pd.RangeIndex(len(rows)))


def test_writing_into_a_data_frame_leaves_the_data_unchanged(data):
    before = data.train.x.copy()
    frame = data.as_dataframe()
    frame.loc[:, "x_0"] = 0
    assert np.array_equal(data.train.x, before)


@pytest.mark.parametrize(
    "name", [pytest.param("as_tf_dataset", marks=pytest.mark.slow), "as_torch_dataset", "as_dataframe"]
)
def test_training_rows_are_the_default_and_other_splits_are_refused(data, torch, name):
    assert len(getattr(data, name)()) == len(data.train)
    for split in ("validation", "", None, 0):
        with pytest.raises(InputError, match="split must be one of train, test; received"):
            getattr(data, name)(split)


@pytest.mark.parametrize(
    ("name", "library", "remedy"),
    [
        ("as_tf_dataset", "tensorflow", r"\.\[train\]"),
        ("as_torch_dataset", "torch", "pip install torch"),
        ("as_dataframe", "pandas", r"\.\[formats\]"),
    ],
)
def test_a_library_that_is_missing_is_named(data, monkeypatch, name, library, remedy):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError, match=f"needs {library}.*{remedy}"):
        getattr(data, name)()
