import numpy as np
import pytest

import ld_data


@pytest.fixture
def predictions(release, tmp_path):
    """A file of good predictions for the test rows of the small release."""
    data = ld_data.load("fake-4")
    path = tmp_path / "predictions.npy"
    np.save(path, data.class_mean[data.test.label] + 0.1)
    return path
