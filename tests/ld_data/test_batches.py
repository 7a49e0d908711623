from itertools import islice

import numpy as np

from ld_data.batches import make_batches, take_batches


def test_each_pass_has_another_order_and_new_last_arrays():
    rows, passes = np.arange(7), []

    def redraw():
        passes.append(100 * (len(passes) + 1))
        return rows + passes[-1]

    batches = list(islice(make_batches((rows, rows), 3, 0, redraw), 4))
    plain = list(islice(make_batches((rows, rows), 3, 0), 4))
    assert passes == [100, 200]
    for (first, last), (expected, _), shift in zip(batches, plain, (100, 100, 200, 200), strict=True):
        assert (first == expected).all()
        assert (last == first + shift).all()
    assert not np.array_equal(*(np.concatenate([batch[0] for batch in one]) for one in (batches[:2], batches[2:])))


def test_only_the_first_batches_are_taken():
    endless, again = (make_batches((np.arange(7),), 3, 0) for _ in range(2))
    taken = list(take_batches(endless, 3))
    assert np.array_equal(taken, list(islice(again, 3)))
