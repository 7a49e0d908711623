import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import SignalStream

pytestmark = pytest.mark.slow  # imports TensorFlow

STREAM = SignalStream(Mnist1dConfig(final_seq_length=9))


@pytest.fixture
def make_tf_dataset():
    from ld_data.mnist1d.tensorflow import make_tf_dataset

    return make_tf_dataset


def test_batches_are_the_rows_of_the_stream(make_tf_dataset):
    rows = STREAM.block_rows + 10
    batches = list(make_tf_dataset(STREAM, rows, first_row=5).batch(10_000))
    signals, labels = STREAM.make_rows(5, rows)
    assert np.array_equal(np.concatenate([x.numpy() for x, _ in batches]), signals)
    assert np.array_equal(np.concatenate([y.numpy() for _, y in batches]), labels)
    assert batches[0][1].dtype.name == "int64"


def test_a_data_set_can_be_read_again(make_tf_dataset):
    data = make_tf_dataset(STREAM, 20)
    first, second = ([x.numpy() for x, _ in data] for _ in range(2))
    assert np.array_equal(first, second)


def test_bad_rows_are_refused_at_once(make_tf_dataset):
    with pytest.raises(InputError, match="first_row must be"):
        make_tf_dataset(STREAM, 1, first_row=-1)
