import hashlib
from dataclasses import replace

import numpy as np
import pytest

import ld_data
from eval import evaluate
from ld_data.errors import InputError, IntegrityError, UnknownNameError
from ld_data.release.dataset import NPY_FILES, LatentDataset, Split
from ld_data.release.writer import write_shifts
from tests.support.fakes import add_shifts


def test_rows_are_in_the_source_s_order(release):
    data = ld_data.load("fake-4")
    assert len(data.train) == 60
    assert np.array_equal(data.test.label, np.arange(60, 90) % 3)
    assert data.train.x.dtype == data.train.y.dtype == np.float32
    assert (data.latent_dim, data.classes) == (4, 3)


def test_a_dataset_is_shown_by_its_sizes(release):
    data = ld_data.load("fake-4")
    assert repr(data) == "<LatentDataset fake-4: 60 training rows, 30 test rows, d = 4, 3 classes>"
    assert repr(data.test) == "<Split: x (30, 4), y (30, 4), label (30,)>"


def test_keras_tuples_hold_x_and_y(release):
    data = ld_data.load("fake-4")
    (x_train, y_train), (x_test, y_test) = data.as_keras()
    assert np.array_equal(x_train, data.train.x)
    assert np.array_equal(y_train, data.train.y)
    assert np.array_equal(x_test, data.test.x)
    assert np.array_equal(y_test, data.test.y)


def test_targets_without_noise_are_the_class_means(release):
    data = ld_data.load("fake-4")
    assert np.array_equal(data.train.y_mean, data.class_mean[data.train.label])
    assert data.train.y_mean.dtype == np.float32
    (x_train, y_train), (_, y_test) = data.as_keras(noise_free=True)
    assert np.array_equal(x_train, data.train.x)
    assert np.array_equal(y_train, data.train.y_mean)
    assert np.array_equal(y_test, data.test.y_mean)
    assert evaluate(data.test.y_mean, data).noise_free_mse == 0
    relabelled = replace(data.train, label=data.train.label[::-1])
    assert np.array_equal(replace(data, train=relabelled).train.y_mean, data.train.y_mean[::-1])
    with pytest.raises(InputError, match="these rows belong to no dataset"):
        _ = Split(data.train.x, data.train.y, data.train.label).y_mean


def test_a_subset_has_the_first_training_rows_and_all_test_rows(release):
    data = ld_data.load(add_shifts(release), rows=5)
    whole = ld_data.load("fake-4")
    for name in ("x", "y", "label", "y_mean"):
        assert np.array_equal(getattr(data.train, name), getattr(whole.train, name)[:5])
    assert data.test_sha256 == whole.test_sha256
    assert np.array_equal(data.shifted("scale").test.x, data.test.x * 2)
    assert len(ld_data.subset(data, 5).train) == 5
    with pytest.raises(InputError, match="the training rows of fake-4 to take must be from 1 to 5; received 6"):
        ld_data.subset(data, 6)
    with pytest.raises(InputError, match=r"first 2 training rows of fake-4 hold 2 of 3 classes\. Take 3 or more"):
        ld_data.load("fake-4", rows=2)


def test_keras_tuples_are_copies(release):
    data = ld_data.load("fake-4")
    before = data.train.x.copy()
    (x_train, _), _ = data.as_keras()
    x_train *= 0
    assert np.array_equal(data.train.x, before)


def test_a_dataset_can_be_compared_and_hashed(release):
    data = ld_data.load("fake-4")
    assert data == data  # noqa: PLR0124
    assert data != ld_data.load("fake-4")
    assert len({data, data.train, data.test}) == 3


def test_arrays_round_trip(release):
    data = ld_data.load("fake-4")
    again = LatentDataset.from_arrays("fake-4", data.to_arrays())
    for name, array in again.to_arrays().items():
        assert array is data.to_arrays()[name]


def test_the_predecessor_s_four_files_hold_the_same_rows(release, tmp_path):
    data = ld_data.load("fake-4")
    assert {path.name for path in data.save_npy(tmp_path)} == set(NPY_FILES)
    assert np.array_equal(np.load(tmp_path / "train_x.npy"), data.train.x)
    assert np.array_equal(np.load(tmp_path / "test_y.npy"), data.test.y)


def test_a_shift_changes_the_x_of_the_test_rows_alone(release):
    data = ld_data.load(add_shifts(release))
    assert data.shifts == ("noise", "scale")
    other = data.shifted("scale")
    assert (other.name, other.shift, other.shifts) == ("fake-4 scale", "scale", ())
    assert np.array_equal(other.test.x, data.test.x * 2)
    assert other.test.y is data.test.y
    assert other.train is data.train
    assert other.test_sha256 != data.test_sha256


def test_shifts_are_read_when_they_are_asked_for(release):
    add_shifts(release)
    (release / "test_x.noise.npy").write_bytes(b"")
    data = ld_data.load("fake-4")
    assert np.array_equal(data.shifted("scale").test.x, data.test.x * 2)
    with pytest.raises(IntegrityError, match=r"test_x\.noise\.npy: expected 608 bytes; received 0"):
        data.shifted("noise")


def test_a_shift_of_another_shape_is_refused(release):
    write_shifts(release, ld_data.verify(release).files, {"noise": {}}, {"noise": np.zeros((29, 4), np.float32)})
    with pytest.raises(IntegrityError, match=r"expected the shape \(30, 4\); received \(29, 4\)"):
        ld_data.load(release).shifted("noise")


def test_an_unknown_shift_is_refused_with_the_known_ones(release):
    with pytest.raises(UnknownNameError, match=r"fake-4 has no shifted test set 'noise'. It has none. Make some with"):
        ld_data.load(release).shifted("noise")
    data = ld_data.load(add_shifts(release))
    with pytest.raises(UnknownNameError, match=r"no shifted test set 'rotation-30'\. It has: noise, scale\.$"):
        data.shifted("rotation-30")
    with pytest.raises(UnknownNameError, match=r"fake-4 noise has no shifted test set 'scale'\. It has none\.$"):
        data.shifted("noise").shifted("scale")


def test_classify_is_the_linear_decoder(release):
    data = ld_data.load("fake-4")
    assert np.array_equal(data.classify(data.class_mean), [0, 1, 2])


@pytest.mark.parametrize(
    ("y", "reason"),
    [
        ([[1.0] * 3], r"shape \(n, 4\); received \(1, 3\)"),
        ([1.0] * 4, "One row alone"),
        ([[3e38] * 4], r"within \+-1e\+06"),
    ],
)
def test_classify_refuses_other_y(release, y, reason):
    with pytest.raises(InputError, match=reason):
        ld_data.load("fake-4").classify(y)


def test_the_hash_of_the_test_set_covers_exactly_the_arrays_of_a_score(release):
    data = ld_data.load("fake-4")
    arrays = data.to_arrays()
    names = ("x_test", "y_test", "label_test", "class_weight", "class_bias", "class_mean")
    lines = "".join(f"{name} {data.manifest.arrays[name].sha256}\n" for name in names)
    assert data.test_sha256 == hashlib.sha256(lines.encode()).hexdigest()
    for name, array in arrays.items():
        other = LatentDataset.from_arrays("fake-4", {**arrays, name: (array + 1) % 3})
        assert (other.test_sha256 == data.test_sha256) == name.endswith("_train")


@pytest.mark.parametrize(("name", "shape"), [("x_train", (60, 3)), ("y_test", (29, 4)), ("class_bias", (4,))])
def test_arrays_that_do_not_fit_together_are_refused(release, name, shape):
    arrays = ld_data.load("fake-4").to_arrays()
    with pytest.raises(IntegrityError, match=f"{name} must have shape"):
        LatentDataset.from_arrays("a", {**arrays, name: np.zeros(shape, np.float32)})


def test_a_missing_array_is_named(release):
    arrays = ld_data.load("fake-4").to_arrays()
    del arrays["class_mean"]
    with pytest.raises(IntegrityError, match="expected the arrays class_mean"):
        LatentDataset.from_arrays("a", arrays)
