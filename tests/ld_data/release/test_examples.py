from dataclasses import replace

import numpy as np
import pytest

from ld_data.errors import IntegrityError
from ld_data.release.examples import EXAMPLES_NAME, Examples, load_examples

EXAMPLES = Examples(np.arange(20, dtype=np.uint8).reshape(5, 2, 2), np.zeros((6, 2), np.float32))


def test_examples_are_read_as_they_were_written(tmp_path):
    EXAMPLES.save(tmp_path)
    read = load_examples(tmp_path, (2, 2), 6)
    assert np.array_equal(read.inputs, EXAMPLES.inputs)
    assert np.array_equal(read.places, EXAMPLES.places)


def test_a_release_may_have_no_examples(tmp_path):
    assert load_examples(tmp_path, (2, 2), 6) is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"inputs": np.zeros((5, 2, 3)), "places": np.zeros((6, 2))},
        {"inputs": np.zeros((5, 2, 2)), "places": np.zeros((6, 3))},
        {"inputs": np.zeros((5, 2, 2)), "places": np.zeros((7, 2))},
        {"inputs": np.zeros((7, 2, 2)), "places": np.zeros((6, 2))},
        {"inputs": np.zeros((5, 2, 2))},
        {"inputs": np.float64(1), "places": np.float64(1)},
    ],
    ids=["width", "places", "places-of-more-rows", "inputs-of-more-rows", "missing", "numbers"],
)
def test_examples_of_another_release_are_refused(tmp_path, arrays):
    np.savez(tmp_path / EXAMPLES_NAME, **arrays)
    with pytest.raises(IntegrityError, match=r"examples.npz: expected the arrays .* of at most 6 rows"):
        load_examples(tmp_path, (2, 2), 6)


def test_places_are_finite(tmp_path):
    replace(EXAMPLES, places=np.full((6, 2), np.nan, np.float32)).save(tmp_path)
    with pytest.raises(IntegrityError, match="expected finite places"):
        load_examples(tmp_path, (2, 2), 6)
