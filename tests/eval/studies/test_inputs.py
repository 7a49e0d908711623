import numpy as np
import pytest

from eval.studies.inputs import add_label_noise, load_latents, make_published, make_signals, to_one_hot
from ld_data.mnist1d.dataset import make_mnist1d
from ld_data.storage.hashing import hash_arrays


@pytest.mark.slow
def test_signals_are_those_of_the_original_generator():
    signals, published = make_published(), make_mnist1d()
    np.testing.assert_array_equal(signals.x_train, published.x.astype(np.float32))
    np.testing.assert_array_equal(signals.label_test, published.y_test)
    assert make_signals(100, 40).x_train.shape == (40, 40)
    assert make_signals(100, 40).x_test.shape == (60, 40)
    assert len({make_signals(100, 40).sha256, make_signals(100, 40, seed=43).sha256, signals.sha256}) == 3


def test_latents_are_the_training_rows_of_a_release():
    latents = load_latents()
    assert latents.x.shape == latents.y.shape == (60_000, 32)
    assert latents.sha256 == hash_arrays(latents.x.astype(np.float32), latents.y.astype(np.float32))


def test_one_hot_rows_name_their_class():
    assert to_one_hot(np.array([3, 0])).nonzero()[1].tolist() == [3, 0]


def test_label_noise_redraws_a_share_from_all_classes():
    labels = np.full(20_000, 4)
    noisy = add_label_noise(labels, 0.15, np.random.default_rng(0))
    assert (noisy != labels).mean() == pytest.approx(0.135, abs=0.01)
    assert set(noisy) == set(range(10))
    assert (add_label_noise(labels, 0.0, np.random.default_rng(0)) == labels).all()
