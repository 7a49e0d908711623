from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from ld_data.errors import DownloadError, InputError, IntegrityError, MissingDataError, StorageError, UnknownNameError
from ld_data.settings import OFFLINE_VARIABLE
from ld_data.storage import staging
from ld_data.variations import published
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.published import load_variations
from tests.support.amats import (
    PIXELS,
    TEST,
    TRAIN,
    list_cached,
    make_rows,
    parse_slowly,
    publish,
    write_archive,
    write_files,
    write_lines,
)

pytestmark = pytest.mark.usefixtures("few_rows")


def check_arrays(loaded, contents):
    train, test = (parse_slowly(content) for content in contents)
    assert np.array_equal(loaded.x_train.reshape(TRAIN, PIXELS), train[:, :PIXELS])
    assert np.array_equal(loaded.x_test.reshape(TEST, PIXELS), test[:, :PIXELS])
    assert np.array_equal(loaded.y_train, train[:, PIXELS])
    assert np.array_equal(loaded.y_test, test[:, PIXELS])


class TestSearch:
    @pytest.mark.parametrize("place", ["mnist_rotation_new.zip", "mnist_rotation_new/mnist_rotation_new.zip"])
    def test_an_archive_is_read_and_its_arrays_are_cached(self, empty_home, contents, monkeypatch, place):
        sha1 = publish(monkeypatch, write_archive(empty_home / place, contents))
        check_arrays(load_variations("mnist-rot"), contents)
        assert list_cached(empty_home) == [f"mnist-rot-{sha1}.npz"]

    @pytest.mark.parametrize("folder", ["", "mnist_rotation_new"])
    def test_two_files_are_read_and_their_arrays_are_cached(self, empty_home, contents, folder):
        write_files(empty_home / folder, contents)
        check_arrays(load_variations("mnist-rot"), contents)
        assert len(list_cached(empty_home)) == 1

    def test_where_nothing_can_be_cached_the_files_are_parsed(self, empty_home, contents, monkeypatch):
        write_files(empty_home, contents)
        (empty_home / "a file").touch()
        monkeypatch.setenv("LD_DATA_CACHE", str(empty_home / "a file" / "cache"))
        check_arrays(load_variations("mnist-rot"), contents)

    def test_a_cache_that_is_read_only_is_not_written(self, empty_home, contents, monkeypatch):
        write_files(empty_home, contents)
        monkeypatch.setattr(published.os, "access", lambda *_: False)
        check_arrays(load_variations("mnist-rot"), contents)
        assert list_cached(empty_home) == []

    def test_without_an_answer_the_error_names_a_place_for_the_archive(self, empty_home, monkeypatch):
        monkeypatch.delenv("LD_DATA_OFFLINE")
        monkeypatch.setattr("ld_data.variations.published.MIRRORS", ("http://127.0.0.1:9/",))
        with pytest.raises(DownloadError, match=r"put mnist_rotation_new\.zip into a folder, .* LD_DATA_HOME\.$"):
            load_variations("mnist-rot")

    def test_cached_arrays_are_not_parsed_again(self, empty_home, contents, monkeypatch):
        write_files(empty_home, contents)
        load_variations("mnist-rot")
        monkeypatch.delattr(published, "read_amat")
        check_arrays(load_variations("mnist-rot"), contents)

    def test_other_files_do_not_match_the_cache(self, empty_home, contents):
        write_files(empty_home, contents)
        load_variations("mnist-rot")
        others = write_lines(make_rows(TRAIN, 3)), write_lines(make_rows(TEST, 4))
        write_files(empty_home, others)
        check_arrays(load_variations("mnist-rot"), others)

    def test_the_cached_arrays_of_the_published_archive_are_enough(self, empty_home, contents, monkeypatch):
        path = write_archive(empty_home / "mnist_rotation_new.zip", contents)
        publish(monkeypatch, path)
        load_variations("mnist-rot")
        path.unlink()
        check_arrays(load_variations("mnist-rot"), contents)

    def test_the_last_training_rows_are_for_validation(self, empty_home, contents):
        write_files(empty_home, contents)
        loaded = load_variations("mnist-rot")
        assert np.array_equal(np.vstack([loaded.train[0], loaded.validation[0]]), loaded.x_train)
        assert [len(labels) for labels in (loaded.train[1], loaded.validation[1])] == [TRAIN - 2, 2]

    @pytest.mark.parametrize("name", PUBLICATIONS)
    def test_sets_without_rotation_are_stored_sideways(self, empty_home, contents, name):
        write_files(empty_home, contents, name)
        pixels = parse_slowly(contents[1])[:, :PIXELS].reshape(TEST, 28, 28)
        upright = pixels if "rot" in name else pixels.transpose(0, 2, 1)
        assert np.array_equal(load_variations(name).x_test, upright)

    def test_without_a_copy_the_archive_is_fetched_by_its_sha1(self, empty_home, contents, monkeypatch, tmp_path):
        archive = write_archive(tmp_path / "served.zip", contents)
        sha1, asked = publish(monkeypatch, archive), []

        def fetch_file(content, path, searched):
            asked.append(content)
            path.parent.mkdir(parents=True, exist_ok=True)
            return archive.rename(path)

        monkeypatch.setattr("ld_data.remote.transfer.fetch_file", fetch_file)
        check_arrays(load_variations("mnist-rot"), contents)
        (content,) = asked
        assert (content.digest, content.algorithm) == (sha1, "sha1")
        assert all(url.endswith("/icml2007data/mnist_rotation_new.zip") for url in content.urls)
        assert list_cached(empty_home) == [f"mnist-rot-{sha1}.npz"]

    def test_offline_without_a_copy_the_error_names_the_searched_paths(self, empty_home):
        with pytest.raises(MissingDataError, match=r"mnist_rotation_new\.zip is missing") as caught:
            load_variations("mnist-rot")
        assert str(empty_home / "mnist_rotation_new.zip") in str(caught.value)

    def test_an_unknown_name_is_refused_with_the_known_ones(self):
        with pytest.raises(UnknownNameError, match="Known: mnist-rot, mnist-back-rand, mnist-back-image"):
            load_variations("mnist-basic")


class TestOriginal:
    def test_it_is_read_on_request(self, empty_home, contents):
        write_archive(empty_home / "mnist_rotation.zip", contents)
        check_arrays(load_variations("mnist-rot", original=True), contents)

    def test_its_files_are_recognised_by_their_folder(self, empty_home, contents):
        others = write_lines(make_rows(TRAIN, 3)), write_lines(make_rows(TEST, 4))
        write_files(empty_home / "mnist_rotation", others)
        write_files(empty_home / "mnist_rotation_new", contents)
        check_arrays(load_variations("mnist-rot", original=True), others)
        check_arrays(load_variations("mnist-rot"), contents)

    def test_it_is_never_taken_for_the_corrected_set(self, empty_home, contents):
        write_archive(empty_home / "mnist_rotation.zip", contents)
        write_files(empty_home / "mnist_rotation", contents)
        with pytest.raises(MissingDataError):
            load_variations("mnist-rot")

    def test_the_corrected_set_is_never_taken_for_it(self, empty_home, contents, monkeypatch):
        publish(monkeypatch, write_archive(empty_home / "mnist_rotation.zip", contents))
        with pytest.raises(
            IntegrityError, match=r"expected the archive of the original; received mnist_rotation_new\.zip"
        ):
            load_variations("mnist-rot", original=True)

    def test_an_archive_with_another_hash_is_refused_with_the_name_of_the_original(self, empty_home, contents):
        write_archive(empty_home / "mnist_rotation_new.zip", contents)
        with pytest.raises(IntegrityError, match=r"a whole archive with sha1 .*corrected, name it mnist_rotation\.zip"):
            load_variations("mnist-rot")

    def test_it_is_not_downloaded(self, empty_home, monkeypatch):
        monkeypatch.delenv(OFFLINE_VARIABLE)
        with pytest.raises(MissingDataError, match=r"put mnist_rotation\.zip into the folder"):
            load_variations("mnist-rot", original=True)

    def test_only_rotated_sets_have_one(self):
        with pytest.raises(InputError, match="mnist-back-rand was never corrected"):
            load_variations("mnist-back-rand", original=True)


def test_a_cache_that_cannot_be_written_is_reported_and_unchanged(empty_home, contents, monkeypatch):
    write_files(empty_home, contents)

    def refuse(path, arrays):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(published, "write_npz", refuse)
    with pytest.raises(StorageError, match="No space left"):
        load_variations("mnist-rot")
    assert list_cached(empty_home) == []


def test_cached_arrays_of_other_shapes_are_refused(empty_home, contents, monkeypatch):
    write_files(empty_home, contents)
    load_variations("mnist-rot")
    monkeypatch.setattr(published, "TEST_ROWS", TEST + 1)
    with pytest.raises(IntegrityError, match="Delete this file"):
        load_variations("mnist-rot")


def test_of_two_simultaneous_readers_one_parses_and_the_other_uses_its_arrays(empty_home, contents, monkeypatch):
    write_files(empty_home, contents)
    read, wait = published._read, staging.wait_for_lock
    begun, waiting, reads = Event(), Event(), []

    def read_once_the_other_waits(*arguments):
        begun.set()
        assert waiting.wait(30)
        reads.append(arguments)
        return read(*arguments)

    def wait_and_record(*arguments):
        if begun.is_set():
            waiting.set()
        wait(*arguments)

    monkeypatch.setattr(published, "_read", read_once_the_other_waits)
    monkeypatch.setattr(staging, "wait_for_lock", wait_and_record)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(load_variations, "mnist-rot")
        assert begun.wait(30)
        second = pool.submit(load_variations, "mnist-rot")
        for loaded in (first.result(60), second.result(60)):
            check_arrays(loaded, contents)
    assert len(reads) == 1
