"""The data set for PyTorch: its arithmetic with a stub of the few names that it uses, and the real one where it is."""

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.shards.reading import ShardedRows
from tests.support.shards import make_folder

pytestmark = pytest.mark.usefixtures("release")


@pytest.fixture
def rows(tmp_path):
    return ShardedRows(make_folder(tmp_path)[0])


@pytest.fixture
def worker(monkeypatch):
    """A stub of PyTorch, whose `get_worker_info` returns `info`: None in the main process, as in PyTorch."""
    state = SimpleNamespace(info=None)
    torch, utils, data = (ModuleType(name) for name in ("torch", "torch.utils", "torch.utils.data"))
    torch.from_numpy, torch.Tensor = (lambda array: array), np.ndarray
    data.IterableDataset, data.get_worker_info = type("IterableDataset", (), {}), lambda: state.info
    for module in (torch, utils, data):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.delitem(sys.modules, "ld_data.shards.torch", raising=False)
    yield state
    sys.modules.pop("ld_data.shards.torch", None)


@pytest.mark.parametrize(("ranks", "workers", "batch_rows"), [(1, 0, 8), (1, 3, 5), (2, 2, 7), (3, 2, 16), (4, 5, 12)])
def test_ranks_and_workers_read_each_row_once(rows, worker, ranks, workers, batch_rows):
    found, counts = [], []
    for rank in range(ranks):
        data = rows.as_torch_dataset(batch_rows, rank, ranks)
        batches = []
        for number in range(workers or 1):
            worker.info = SimpleNamespace(id=number, num_workers=workers) if workers else None
            batches += list(data)
        assert len(batches) == len(data)
        counts.append(sum(len(x) for x, _ in batches))
        found += batches
    whole = rows.load(slice(0, 50 // ranks * ranks))
    assert np.array_equal(np.concatenate([x for x, _ in found]), whole.x)
    assert np.array_equal(np.concatenate([y for _, y in found]), whole.y)
    assert set(counts) == {50 // ranks}


def test_bad_numbers_are_refused(rows, worker):
    for arguments, reason in (
        ((0,), "batch_rows"),
        ((26, 0, 2), "batch_rows"),
        ((5, 2, 2), "rank "),
        ((5, 0, 51), "ranks"),
    ):
        with pytest.raises(InputError, match=f"^{reason}"):
            rows.as_torch_dataset(*arguments)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch, which LD-Data does not install")
@pytest.mark.parametrize("context", ["spawn", "fork"])
def test_workers_of_pytorch_read_each_row_once(rows, context):
    data = importlib.import_module("torch.utils.data")
    loader = data.DataLoader(rows.as_torch_dataset(8), None, num_workers=2, multiprocessing_context=context)
    found = np.concatenate([x.numpy() for x, _ in loader])
    whole = rows.load(slice(None)).x
    assert np.array_equal(found[np.lexsort(found.T)], whole[np.lexsort(whole.T)])
