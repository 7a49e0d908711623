import os
from contextlib import nullcontext

import pytest

from ld_data.errors import InputError, IntegrityError
from ld_data.shards.folders import open_folder, open_reader, read_text
from ld_data.shards.folders.bucket import BucketFolder
from ld_data.shards.folders.local import LocalFolder
from ld_data.shards.folders.web import WebFolder


def test_a_place_is_a_path_or_a_url(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place in ("a b", tmp_path / "a b", f"file://{tmp_path}/a%20b"):
        assert open_folder(place) == open_reader(place) == LocalFolder(tmp_path / "a b")
    assert open_folder("gs://bucket/x/") == BucketFolder("gs://bucket/x")
    assert open_folder(open_folder("s3://bucket/x")) == open_folder("s3://bucket/x")
    assert open_reader("http://host/x") == WebFolder("http://host/x")


@pytest.mark.parametrize("place", ["http://host/v1/datasets/big", "ftp://host/x", "s3:///x", "file://host/x"])
def test_other_urls_are_refused(place):
    with pytest.raises(InputError, match="expected a folder, or s3://BUCKET/FOLDER") as error:
        open_folder(place)
    assert ("can only be read" in str(error.value)) == place.startswith("http")


def test_a_local_folder_reads_plain_files_of_text(tmp_path):
    folder = open_folder(tmp_path)
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(IntegrityError, match=r"bytes: not UTF-8 text"):
        read_text(folder, "bytes", 5)
    with pytest.raises(IntegrityError, match="expected at most 0 bytes; has 1"):
        read_text(folder, "bytes", 0)
    with pytest.raises(FileNotFoundError):
        read_text(folder, "nothing", 5)
    assert folder.list_sizes("a", "c") == {"bytes": 1}
    assert folder.find_size("nothing") is None


def test_a_file_that_another_process_deletes_meanwhile_is_not_listed(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).touch()
    entries = list(os.scandir(tmp_path))
    (tmp_path / "b").unlink()
    monkeypatch.setattr("os.scandir", lambda path: nullcontext(entries))
    assert open_folder(tmp_path).list_sizes() == {"a": 0}
