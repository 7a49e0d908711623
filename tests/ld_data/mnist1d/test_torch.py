import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import SignalStream

torch = pytest.importorskip("torch", reason="needs PyTorch, which LD-Data does not install")
from torch.utils.data import DataLoader  # noqa: E402 - only where PyTorch is installed

from ld_data.mnist1d.torch import SignalDataset  # noqa: E402 - as above

pytestmark = pytest.mark.slow

STREAM = SignalStream(Mnist1dConfig(final_seq_length=9))
ROWS = STREAM.block_rows + 100


def test_items_are_the_rows_of_the_stream():
    signals, labels = STREAM.make_rows(3, 50)
    items = list(SignalDataset(STREAM, 50, first_row=3))
    assert np.array_equal(torch.stack([x for x, _ in items]).numpy(), signals)
    assert np.array_equal(torch.stack([y for _, y in items]).numpy(), labels)
    assert items[0][0].dtype == torch.float32
    assert items[0][1].dtype == torch.int64


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("batch_size", [1000, ROWS])
def test_batches_make_up_the_rows_with_any_number_of_workers(workers, batch_size):
    data = SignalDataset(STREAM, ROWS, batch_size=batch_size)
    batches = list(DataLoader(data, batch_size=None, num_workers=workers))
    assert len(batches) == len(data) == -(-ROWS // batch_size)
    assert max(len(x) for x, _ in batches) == batch_size
    found = np.concatenate([x.numpy() for x, _ in batches])
    expected = STREAM.make_rows(0, ROWS)[0]
    order, expected_order = np.lexsort(found.T), np.lexsort(expected.T)  # workers take turns
    assert np.array_equal(found[order], expected[expected_order])


def test_a_loader_collates_single_rows():
    x, y = next(iter(DataLoader(SignalDataset(STREAM, 100), batch_size=32)))
    assert np.array_equal(x.numpy(), STREAM.make_rows(0, 32)[0])
    assert y.shape == (32,)


def test_bad_rows_are_refused_at_once():
    with pytest.raises(InputError, match="rows must be from 0 to"):
        SignalDataset(STREAM, -1)
    with pytest.raises(InputError, match="batch_size must be from 1 to"):
        SignalDataset(STREAM, 5, batch_size=0)
