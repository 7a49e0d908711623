import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.shards.reading import ShardedRows
from ld_data.shards.records import name_record
from tests.support.fakes import FakeCodec, generate
from tests.support.shards import make_folder

pytestmark = pytest.mark.usefixtures("release")


@pytest.fixture
def rows(tmp_path):
    return ShardedRows(make_folder(tmp_path)[0])


def test_rows_are_read_by_number_across_shards(rows):
    images, labels = (np.concatenate(parts) for parts in zip(generate(0, 30), generate(1, 20), strict=True))
    codec = FakeCodec()
    assert len(rows) == 50
    for part in (slice(None), slice(6, 18), slice(8, 16), slice(-1, None), slice(49, 99)):
        split, number = rows.load(part), part.indices(50)[0]
        assert np.array_equal(split.label, labels[part])
        assert split.x == pytest.approx(codec.x.encode(images[part], seed=3, first_row=number))
        assert split.y == pytest.approx(codec.y.encode(labels[part], seed=3, first_row=number))


@pytest.mark.parametrize("batch_rows", [1, 5, 8, 20, 50])
def test_batches_are_the_rows_in_their_order(rows, batch_rows):
    batches = list(rows.iterate(batch_rows))
    assert {len(batch) for batch in batches[:-1]} <= {batch_rows}
    assert np.array_equal(np.concatenate([batch.x for batch in batches]), rows.load(slice(None)).x)
    part = list(rows.iterate(batch_rows, 7, 20))
    assert np.array_equal(np.concatenate([batch.y for batch in part]), rows.load(slice(7, 20)).y)


def test_bad_requests_are_refused(rows, tmp_path):
    for part in (slice(5, 5), slice(0, 10, 2), slice(60, 70), 3):
        with pytest.raises(InputError, match="a slice of one row or more without a step"):
            rows.load(part)
    with pytest.raises(InputError, match="batch_rows must be from 1 to 50"):
        rows.iterate(0)
    (tmp_path / "big" / name_record(2)).unlink()
    with pytest.raises(InputError, match="shard 2 of big is not in .*big. Make it with"):
        rows.load(slice(0, 20))
    assert len(rows.load(slice(0, 16))) == 16
