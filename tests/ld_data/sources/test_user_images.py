from pathlib import Path

import numpy as np
import pytest

from ld_data.checks import is_release_name
from ld_data.errors import InputError
from ld_data.sources.user_images import UserImages, read_source


def own_arrays(**changes):
    arrays = {
        "x_train": np.zeros((60, 5, 7), np.uint8),
        "y_train": np.tile([0, 1, 2], 20),
        "x_test": np.full((30, 5, 7), 200, np.uint8),
        "y_test": np.tile([2, 1, 0], 10),
    }
    return {name: array for name, array in {**arrays, **changes}.items() if array is not None}


def test_images_of_any_size_and_number_of_classes(tmp_path):
    np.savez(tmp_path / "My Letters.npz", **own_arrays())
    source = read_source(tmp_path / "My Letters.npz", licence="MIT")
    assert (source.name, source.classes, source.licence) == ("my-letters", 3, "MIT")
    assert source.inputs_train.shape == (60, 5, 7)
    assert source.label_test[:3].tolist() == [2, 1, 0]
    assert source.make_fit_set(0)[0] is source.inputs_train


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Données (2).npz", "donnees-2"),
        ("--a__b--.npz", "a-b"),
        ("\uff26\uff35\uff2c\uff2c.npz", "full"),
        ("a" * 200 + ".npz", "a" * 60),
        ("数据-1.npz", "1"),
    ],
)
def test_a_file_name_makes_a_name_of_a_release(tmp_path, file, name):
    np.savez(tmp_path / file, **own_arrays())
    assert read_source(tmp_path / file).name == name
    assert is_release_name(f"ld-{name}-mnist-v3-32")


@pytest.mark.parametrize("file", ["数据.npz", "---.npz", "Ж.npz", "....npz"])
def test_a_file_name_without_a_letter_is_refused(tmp_path, file):
    np.savez(tmp_path / file, **own_arrays())
    with pytest.raises(InputError, match=r"needs a letter from a to z, or a digit.*Rename the file"):
        read_source(tmp_path / file)


def test_numbers_from_0_to_1_are_pixels(tmp_path):
    np.savez(tmp_path / "a.npz", **own_arrays(x_train=np.full((60, 5, 7), 0.5), x_test=np.ones((30, 5, 7))))
    assert read_source(tmp_path / "a.npz").inputs_train.dtype == np.float32


COLOURS = np.random.default_rng(0).integers(0, 256, (60, 5, 7, 3), np.uint8)


@pytest.mark.parametrize("array", [COLOURS, np.moveaxis(COLOURS, -1, 1)], ids=["last", "first"])
def test_colours_have_their_channels_last(tmp_path, array):
    np.savez(tmp_path / "a.npz", **own_arrays(x_train=array, x_test=array[:30]))
    assert np.array_equal(read_source(tmp_path / "a.npz").inputs_train, COLOURS)


@pytest.mark.parametrize("array", [COLOURS[..., :1], COLOURS[:, None, ..., 0]], ids=["last", "first"])
def test_greys_lose_their_channel_axis(tmp_path, array):
    np.savez(tmp_path / "a.npz", **own_arrays(x_train=array, x_test=array[:30]))
    assert np.array_equal(read_source(tmp_path / "a.npz").inputs_train, COLOURS[..., 0])


def test_images_lie_in_one_place():
    with pytest.raises(InputError, match="with --source-npz or with --source-idx, and not with both"):
        UserImages(tmp := Path("a.npz"), tmp).read()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"x_train": np.zeros((60, 5, 7, 4), np.uint8)},
            r"received \(60, 5, 7, 4\)\. Leave out transparency",
        ),
        ({"x_test": COLOURS[:30]}, r"x_train has images \(5, 7\), x_test \(5, 7, 3\)"),
        ({"y_test": None}, "y_test is missing"),
        ({"x_train": np.zeros((60, 35), np.uint8)}, "x_train must have shape"),
        ({"x_train": np.full((60, 5, 7), 255.0)}, "Divide by 255"),
        ({"x_train": np.full((60, 5, 7), np.nan)}, "finite"),
        ({"x_test": np.ones((30, 5, 7), np.uint8)}, "x_test must be uint8 from 0 to 255; received 0 and 1 alone"),
        ({"x_test": np.zeros((30, 7, 5), np.uint8)}, "x_train has images"),
        ({"y_train": np.zeros(5, int)}, "one label for each of 60"),
        ({"y_train": np.zeros(60)}, "y_train must be integers"),
        ({"y_train": np.tile([0, 1, 3], 20)}, "every class"),
        ({"y_train": np.zeros(60, int)}, "every class"),
        ({"y_train": np.repeat([0, 1, 2], [50, 9, 1])}, "at least 10 training images"),
        ({"y_test": np.tile([2, 1, 3], 10)}, "y_test holds class 3"),
    ],
)
def test_unusable_arrays_are_refused_by_file_and_reason(tmp_path, changes, reason):
    np.savez(tmp_path / "bad.npz", **own_arrays(**changes))
    with pytest.raises(InputError, match=rf"bad\.npz.*{reason}"):
        read_source(tmp_path / "bad.npz")


def test_booleans_are_black_and_white(tmp_path):
    np.savez(tmp_path / "a.npz", **own_arrays(x_train=np.eye(5, 7, dtype=bool)[None].repeat(60, axis=0)))
    assert read_source(tmp_path / "a.npz").inputs_train[0, 0].tolist() == [1, 0, 0, 0, 0, 0, 0]


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "bad.npz").write_text("no")
    with pytest.raises(InputError, match=r"bad\.npz: not an \.npz file"):
        read_source(tmp_path / "bad.npz")
