import gzip
import hashlib

import numpy as np
import pytest

from ld_data.errors import DownloadError, IntegrityError, MissingDataError, StorageError
from ld_data.settings import HOME_VARIABLE
from ld_data.sources import mnist
from ld_data.sources.mnist import GZIP_SHA256, IDX_FILES, load_mnist
from ld_data.storage.arrays import read_npz, write_npz
from ld_data.storage.idx import write_idx
from tests.support.permissions import forbid

MD5 = {  # of the original files, headers included
    "x_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}


@pytest.fixture(scope="module")
def arrays(mnist_home):
    return read_npz(mnist_home / "mnist.npz")


@pytest.mark.slow
def test_the_copy_in_ld_data_home_is_the_published_one(mnist_home):
    arrays = load_mnist()
    assert arrays["x_train"].shape == (60_000, 28, 28)
    assert arrays["x_test"].shape == (10_000, 28, 28)
    for name, expected in MD5.items():
        assert hashlib.md5(write_idx(arrays[name]), usedforsecurity=False).hexdigest() == expected


@pytest.fixture(scope="module")
def contents(arrays):
    """The bytes of the four IDX files by the name of their array."""
    return {name: write_idx(arrays[name]) for name in IDX_FILES}


@pytest.fixture(scope="module")
def zipped(contents):
    return {name: gzip.compress(content, 1) for name, content in contents.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "ending"),
    [("", ""), ("mnist", ""), ("datasets", ""), ("data/MNIST/raw", ""), ("", ".gz"), ("MNIST/raw", ".gz")],
)
def test_idx_copies_are_found_where_others_keep_them(arrays, contents, zipped, empty_home, folder, ending):
    place = empty_home / folder
    place.mkdir(parents=True, exist_ok=True)
    for name, (file, _) in IDX_FILES.items():
        (place / f"{file}{ending}").write_bytes((zipped if ending else contents)[name])
    assert np.array_equal(load_mnist()["y_test"], arrays["y_test"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace("-idx", ".idx"),
        lambda name: f"{name}/{name.replace('-idx', '.idx')}",
        lambda name: f"MNIST/raw/{name}",
        lambda name: f"raw/{name}",
        lambda name: f"{name.partition('-idx')[0].upper()} (1)",
    ],
    ids=["dot", "folder-each", "above-MNIST", "above-raw", "other"],
)
def test_idx_files_are_found_under_every_usual_name(contents, empty_home, rename):
    for name, (file, _) in IDX_FILES.items():
        path = empty_home / rename(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[name])
    assert load_mnist()["y_test"].tobytes() == contents["y_test"][8:]


@pytest.mark.slow
def test_a_home_may_be_a_file_itself(contents, empty_home, monkeypatch):
    (empty_home / "a").mkdir()
    for name, (file, _) in IDX_FILES.items():
        (empty_home / "a" / file).write_bytes(contents[name])
    monkeypatch.setenv(HOME_VARIABLE, str(empty_home / "a" / IDX_FILES["y_test"][0]))
    assert len(load_mnist()) == 4


@pytest.mark.slow
def test_another_dataset_under_the_same_names_is_passed_over(contents, empty_home):
    for folder, altered in (("FashionMNIST", b"\1"), ("MNIST", b"")):
        (empty_home / folder / "raw").mkdir(parents=True)
        for name, (file, _) in IDX_FILES.items():
            content = contents[name][: -len(altered) or None] + altered
            (empty_home / folder / "raw" / file).write_bytes(content)
    assert load_mnist()["x_test"].tobytes() == contents["x_test"][16:]


@pytest.mark.slow
def test_files_that_are_not_right_are_named(contents, empty_home):
    for name, (file, _) in IDX_FILES.items():
        (empty_home / file).write_bytes(contents[name])
    damaged, other = (empty_home / IDX_FILES[name][0] for name in ("y_train", "y_test"))
    damaged.write_bytes(contents["y_train"][:-1])
    other.write_bytes(contents["y_test"][:-1] + b"\0")
    with pytest.warns(UserWarning, match="not used"), pytest.raises(MissingDataError) as caught:
        load_mnist()
    message = str(caught.value)
    assert f"for {damaged.name}, {other.name}\n" in message
    assert f"{damaged}: expected 60000 bytes" in message
    assert f"{other}, which is another file: its IDX bytes have the sha256" in message


def test_a_search_is_bounded(empty_home, monkeypatch):
    monkeypatch.setattr(mnist, "MAX_FOLDERS", 2)
    for folder in ("a", "b", "c", "a/1", "a/1/2"):
        (empty_home / folder).mkdir()
        (empty_home / folder / "train-labels").touch()
    names = [str(path.relative_to(empty_home)) for path in mnist.list_candidates(empty_home)]
    assert names == ["a/train-labels", "b/train-labels", "a/1/train-labels"]


@pytest.mark.slow
def test_an_altered_copy_is_refused_by_name(arrays, empty_home):
    altered = {**arrays, "x_test": arrays["x_test"].copy()}
    altered["x_test"][0, 0, 0] = 1
    write_npz(empty_home / "mnist.npz", altered)
    with pytest.raises(IntegrityError, match="x_test is not the published MNIST"):
        load_mnist()


def test_a_copy_of_something_else_is_refused(empty_home):
    write_npz(empty_home / "mnist.npz", {"x": np.zeros(3)})
    with pytest.raises(IntegrityError, match="expected an array x_train; received x"):
        load_mnist()


def test_offline_without_a_copy_tells_what_is_missing_and_where_it_looked(empty_home):
    with pytest.raises(MissingDataError) as caught:
        load_mnist()
    message = str(caught.value)
    assert "train-images-idx3-ubyte.gz is missing" in message
    for place in (empty_home / "mnist.npz", empty_home / "datasets" / "mnist.npz", "data/MNIST"):
        assert str(place) in message


def test_folders_that_cannot_be_read_are_passed_over(empty_home):
    with forbid(empty_home), pytest.raises(MissingDataError, match="datasets"):
        load_mnist()


@pytest.mark.slow
def test_without_a_home_a_copy_is_found_and_only_a_download_needs_a_folder(arrays, no_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match="LD_DATA_CACHE"):
        load_mnist()
    write_npz(tmp_path / "mnist.npz", arrays)
    monkeypatch.setenv("LD_DATA_HOME", str(tmp_path))
    assert np.array_equal(load_mnist()["y_test"], arrays["y_test"])


def test_where_no_mirror_answers_it_tells_where_a_copy_may_be_put(empty_home, monkeypatch):
    monkeypatch.delenv("LD_DATA_OFFLINE")
    monkeypatch.setattr("ld_data.sources.mnist.MIRRORS", ("http://127.0.0.1:9/",))
    with pytest.raises(DownloadError, match=r"could not download train-images.* put mnist\.npz .* in LD_DATA_HOME\.$"):
        load_mnist()


@pytest.mark.slow
def test_without_a_copy_all_four_files_are_fetched_with_their_hashes(arrays, zipped, empty_home, monkeypatch):
    fetched = {}

    def fetch_file(content, path, searched):
        name = next(name for name, (file, _) in IDX_FILES.items() if path.name.startswith(file))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zipped[name])
        fetched[path.name] = (content.urls, content.digest)
        return path

    monkeypatch.setattr("ld_data.remote.transfer.fetch_file", fetch_file)
    assert np.array_equal(load_mnist()["y_train"], arrays["y_train"])
    assert len(fetched) == len(IDX_FILES)
    for file, (urls, sha256) in fetched.items():
        assert len({url.split("/")[2] for url in urls}) == len(mnist.MIRRORS) == 2
        assert all(url.endswith(file) for url in urls)
        assert sha256 in GZIP_SHA256.values()
