import gzip

import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.sources.idx_set import read_idx_set
from ld_data.sources.user_images import UserImages
from ld_data.storage.idx import write_idx

FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
RANDOM = np.random.default_rng(0)
ARRAYS = {
    "x_train": RANDOM.integers(0, 256, (60, 5, 7), np.uint8),
    "y_train": np.tile(np.arange(3, dtype=np.uint8), 20),
    "x_test": RANDOM.integers(0, 256, (30, 5, 7), np.uint8),
    "y_test": np.tile(np.arange(3, dtype=np.uint8), 10),
}


def write_set(folder, beginning="", ending="", **changes):
    """Write the four files of a set; an array of None is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in {**ARRAYS, **changes}.items():
        if array is not None:
            content = gzip.compress(write_idx(array)) if ending else write_idx(array)
            (folder / f"{beginning}{FILES[name]}{ending}").write_bytes(content)
    return folder


def read(path, **options):
    return UserImages(source_idx=path).read(**options)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_folder_of_four_files_is_a_source(tmp_path, ending):
    source = read(write_set(tmp_path / "KMNIST 2", ending=ending), licence="CC-BY-SA-4.0")
    assert (source.name, source.classes, source.licence) == ("kmnist-2", 3, "CC-BY-SA-4.0")
    assert (source.file, source.option) == ("KMNIST 2", "--source-idx")
    assert np.array_equal(source.inputs_train, ARRAYS["x_train"])
    assert np.array_equal(source.label_test, ARRAYS["y_test"])


def test_a_set_of_torchvision_is_named_after_its_own_folder(tmp_path, monkeypatch):
    raw = write_set(tmp_path / "FashionMNIST" / "raw")
    write_set(raw, ending=".gz")
    assert read(raw.parent).name == read(raw).name == "fashionmnist"
    assert (read(raw.parent).file, read(raw).file) == ("FashionMNIST", "FashionMNIST/raw")
    monkeypatch.chdir(raw)
    assert read(type(raw)(".")).file == "FashionMNIST/raw"


def test_copies_of_a_file_and_hidden_files_do_no_harm(tmp_path):
    """Sets of Kaggle have each file in a folder of its name and beside it; archives of macOS have hidden files."""
    write_set(tmp_path)
    for name, file in FILES.items():
        write_set(tmp_path / file.replace("-idx", ".idx"), **(dict.fromkeys(ARRAYS) | {name: ARRAYS[name]}))
        (tmp_path / f"._{file}").write_bytes(b"no")
    assert np.array_equal(read_idx_set(tmp_path)[1]["x_train"], ARRAYS["x_train"])


def test_one_of_several_sets_is_named_by_the_beginning_of_its_files(tmp_path):
    write_set(tmp_path, "emnist-digits-")
    write_set(tmp_path, "emnist-letters-")
    source = read(tmp_path / "emnist-letters")
    assert (source.name, source.file) == ("emnist-letters", "emnist-letters")
    with pytest.raises(InputError, match=r"several sets\. Name one of them: .*/emnist-digits, .*/emnist-letters\."):
        read(tmp_path)


def test_emnist_is_turned_upright_and_counts_from_0(tmp_path):
    write_set(tmp_path, "emnist-letters-", **{name: ARRAYS[name] + 1 for name in ("y_train", "y_test")})
    name, arrays = read_idx_set(tmp_path)
    assert name == "emnist-letters"
    assert np.array_equal(arrays["x_train"], ARRAYS["x_train"].transpose(0, 2, 1))
    assert np.array_equal(arrays["y_test"], ARRAYS["y_test"])


def test_files_may_hold_colours(tmp_path):
    colours = {name: np.stack([ARRAYS[name]] * 3, axis=-1) for name in ("x_train", "x_test")}
    assert read(write_set(tmp_path, **colours)).inputs_test.shape == (30, 5, 7, 3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"x_test": None}, "the file of the images of test is missing"),
        ({"y_train": ARRAYS["y_train"] % 2 * 2}, "every class from 0"),
        ({"x_train": ARRAYS["x_train"][:, 0, 0]}, "x_train must have shape"),
        ({"x_train": ARRAYS["x_train"][:0], "y_train": ARRAYS["y_train"][:0]}, "x_train must have shape"),
        ({"y_train": ARRAYS["y_train"] + 1}, r"y_test must lie from 0.*received -1"),
    ],
)
def test_other_files_are_refused_by_folder_and_reason(tmp_path, changes, reason):
    folder = write_set(tmp_path / "bad", **changes)
    with pytest.raises(InputError, match=rf"bad: .*{reason}"):
        read(folder)


def test_a_name_of_a_built_in_source_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"mnist is the name of a built-in source\. Rename the file or folder"):
        read(write_set(tmp_path / "MNIST" / "raw"), reserved=("mnist",))


def test_damaged_doubled_and_missing_files_are_named(tmp_path):
    folder = write_set(tmp_path / "a")
    (folder / FILES["x_test"]).write_bytes(b"no")
    with pytest.raises(InputError, match=rf"{FILES['x_test']}: expected an IDX file"):
        read(folder)
    write_set(tmp_path / "b", x_train=ARRAYS["x_train"] // 2)
    with pytest.raises(InputError, match=r"several files may be the images of training: .*/a/train.*/b/train"):
        read(tmp_path)
    for place in (tmp_path / "none", tmp_path / "none" / "emnist-letters", folder / "emnist-letters"):
        with pytest.raises(InputError, match=r"expected a folder with four files in MNIST's format"):
            read(place)
