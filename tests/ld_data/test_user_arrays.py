"""Arrays of users in every container; libraries that LD-Data does not install are stood in for by their attributes."""

from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

from ld_data.checks import check_labels, check_numbers
from ld_data.errors import InputError
from ld_data.user_arrays import place_channels, read_array

ROWS = np.array([[1.0, 2.5], [-3.0, 0.0]])


class Tensor:
    """A tensor as PyTorch has it: numpy reads it only on the processor, without gradients, and not as bfloat16."""

    def __init__(self, values, kind="float32", place="gpu", has_gradients=True):
        self.values, self.kind, self.place, self.has_gradients = np.asarray(values), kind, place, has_gradients

    def detach(self):
        return Tensor(self.values, self.kind, self.place, has_gradients=False)

    def cpu(self):
        return Tensor(self.values, self.kind, "cpu", self.has_gradients)

    def float(self):
        return Tensor(self.values.astype(np.float32), "float32", self.place, self.has_gradients)

    def numpy(self):
        if self.has_gradients or self.place != "cpu":
            raise RuntimeError("Can't call numpy()")
        if self.kind in ("bfloat16", "complex"):
            raise TypeError(f"Got unsupported ScalarType {self.kind}")
        return self.values

    __array__ = None


class DeviceArray:
    """An array on a device as JAX has it: numpy reads it, and it has no method of CuPy."""

    __cuda_array_interface__ = property(lambda self: {})

    def __array__(self, dtype=None, copy=None):
        return ROWS


CONTAINERS = {
    "list": ROWS.tolist(),
    "tuples": tuple(map(tuple, ROWS)),
    "list of arrays": list(ROWS),
    "matrix": ROWS.view(np.matrix),
    "masked array without masked values": np.ma.masked_array(ROWS),
    "frame": pd.DataFrame(ROWS),
    "nullable frame": pd.DataFrame(ROWS).astype("Float64"),
    "arrow frame": pd.DataFrame(ROWS).astype("float32[pyarrow]"),
    "frame of two types": pd.DataFrame({"a": pd.array([1, -3], dtype="Int64"), "b": ROWS[:, 1]}),
    "arrow table": pa.table({"a": [1, -3], "b": ROWS[:, 1]}),
    "tensor": Tensor(ROWS),
    "bfloat16 tensor": Tensor(ROWS, "bfloat16"),
    "list of tensors": [Tensor(row) for row in ROWS],
    "lists of tensors": [[Tensor(value) for value in row] for row in ROWS],
    "cupy": SimpleNamespace(__cuda_array_interface__={}, get=lambda: ROWS),
    "jax on a device": DeviceArray(),
    "bfloat16": ROWS.astype(ml_dtypes.bfloat16),
    "list of bfloat16": list(ROWS.astype(ml_dtypes.bfloat16)),
    "float8": ROWS.astype(ml_dtypes.float8_e4m3fn),
    "float8 of numpy's kind": ROWS.astype(ml_dtypes.float8_e5m2),
    "float16": ROWS.astype(np.float16),
    "big-endian": ROWS.astype(">f4"),
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_numbers_in_any_container_are_converted_exactly(kind):
    array = check_numbers(CONTAINERS[kind], "x")
    assert type(array) is np.ndarray
    assert np.array_equal(array, ROWS)


def test_floats_that_numpy_lacks_become_float32():
    upper_bits = np.arange(0x7F80, dtype=np.uint16)  # of every number from 0 on, as bfloat16
    found = read_array(upper_bits.view(ml_dtypes.bfloat16), "x")
    assert found.dtype == np.float32
    assert np.array_equal(found.view(np.uint32), upper_bits.astype(np.uint32) << 16)
    assert read_array(np.array([-8, 7], ml_dtypes.int4), "x").tolist() == [-8, 7]


REFUSED = {
    "masked": (np.ma.masked_array(ROWS, ROWS < 0), "x must have no masked values. Fill them"),
    "masked row": ([np.ma.masked_array(row, row < 0) for row in ROWS], "no masked values"),
    "pint": (SimpleNamespace(units="metre", magnitude=ROWS), "a SimpleNamespace with a unit. .*its magnitude"),
    "astropy": (SimpleNamespace(unit="m", to_value=ROWS), "with a unit. .*pass its value"),
    "sparse": (sparse.csr_matrix(ROWS), r"a csr_matrix that is sparse. Pass its toarray\(\)"),
    "palette": (SimpleNamespace(palette={}, getpixel=len), "with a palette"),
    "missing": (pd.DataFrame({"a": [1, None]}, dtype="object"), "received object. .*once nothing is missing"),
    "mixed frame": (
        pd.DataFrame({"a": [True, False], "b": [1.0, 2.0]}),
        r"some columns are booleans. .*astype\(float\)",
    ),
    "mixed table": (pa.table({"a": [True, False], "b": [1.0, 2.0]}), "some columns are booleans"),
    "objects": (ROWS.astype(object), "received object"),
    "column of lists": (pd.Series(list(ROWS)), r"a column of lists with numpy.array\(list\(values\), float\)"),
    "texts": ([["1", "2"]], "received <U1"),
    "frame of texts": (pd.DataFrame({"a": ["x"]}), "must be numbers"),
    "complex": (ROWS.astype(complex), "received complex128. Take their real part"),
    "booleans": (ROWS > 0, r"received bool. Convert them with astype\(int\)"),
    "bytes of another type": (np.zeros(2, "V2"), r"received \|V2. .*before numpy.save"),
    "dates": (np.array(["2020-01-01"], "datetime64[D]"), "received datetime64"),
    "dictionary": ({"a": 1}, "received dict"),
    "ragged": ([[1], [1, 2]], "its rows differ in length"),
    "ragged tensors": ([Tensor([1]), Tensor([1, 2])], "its rows differ in length"),
    "complex tensor": (Tensor(ROWS * 1j), "received complex128"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_values_are_refused_with_a_remedy(kind):
    values, words = REFUSED[kind]
    with pytest.raises(InputError, match=words):
        check_numbers(values, "x")


def test_a_container_that_numpy_cannot_read_is_refused_in_its_own_words():
    class Symbol:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("it has no value")

    with pytest.raises(InputError, match=r"x must be numbers that numpy can read; Symbol .*it has no value"):
        check_numbers(Symbol(), "x")


def test_booleans_are_taken_where_they_are_expected():
    frame = pd.DataFrame({"a": [True, False]}).astype("boolean")
    assert check_numbers(frame, "x", take_booleans=True).dtype == bool


def test_a_missing_label_is_named():
    with pytest.raises(InputError, match=r"labels must be finite; 1 of 2 values are not, the first at index \(1,\)"):
        check_labels(pd.Series([1, None], dtype="Int64"), 10)
    assert check_labels(pd.Series([1, 3], dtype="category"), 10).tolist() == [1, 3]
    with pytest.raises(InputError, match=r"Of one-hot rows take argmax\(axis=1\)"):
        check_labels(np.eye(10), 10)


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 4, 3, 1), (5, 1, 4, 3)])
def test_a_channel_axis_of_size_1_is_dropped(shape):
    array = np.arange(60).reshape(shape)
    assert np.array_equal(place_channels(array, (4, 3)), array.reshape(5, 4, 3))


@pytest.mark.parametrize("shape", [(4, 3), (1, 4, 3), (4, 3, 1), (5, 4, 3, 2), (5, 3, 4, 1), ()])
def test_other_shapes_stay(shape):
    assert place_channels(np.zeros(shape), (4, 3)).shape == shape


def test_channels_of_colours_may_stand_first():
    colours = np.arange(120).reshape(2, 4, 5, 3)
    for array in (colours, np.moveaxis(colours, -1, 1)):
        assert np.array_equal(place_channels(array, (4, 5, 3)), colours)
    square = np.arange(54).reshape(2, 3, 3, 3)  # either axis may be that of the channels: they stand last
    assert np.array_equal(place_channels(square, (3, 3, 3)), square)
