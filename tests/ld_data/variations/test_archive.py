import pytest

from ld_data.errors import IntegrityError, MissingDataError
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.published import load_variations
from tests.support.amats import list_cached, publish, write_archive, write_files

PAGE = b"<!DOCTYPE HTML><html><head><title>404 Not Found</title></head></html>"

pytestmark = pytest.mark.usefixtures("few_rows")


class TestRefusals:
    @pytest.fixture
    def archive(self, empty_home, contents, monkeypatch):
        """The published archive, about to be damaged."""
        path = write_archive(empty_home / "mnist_rotation_new.zip", contents)
        publish(monkeypatch, path)
        return path

    @pytest.fixture(autouse=True)
    def _nothing_is_cached(self, empty_home):
        """A refused file leaves nothing in the cache."""
        yield
        assert list_cached(empty_home) == []

    @pytest.mark.parametrize("size", [0.1, 0.5, 0.999])
    def test_a_truncated_archive(self, archive, size):
        content = archive.read_bytes()
        archive.write_bytes(content[: int(size * len(content))])
        with pytest.raises(IntegrityError, match=r"expected sha1 \w+; received a truncated archive: \d+ bytes without"):
            load_variations("mnist-rot")

    def test_a_web_page_under_the_name_of_the_archive(self, archive):
        archive.write_bytes(PAGE)
        with pytest.raises(IntegrityError, match=r"received a web page of 69 bytes, b'<!DOCTYPE HTML>"):
            load_variations("mnist-rot")

    @pytest.mark.parametrize(("content", "words"), [(b"", "an empty file"), (b"Rar!\x1a", "begin with b'Rar!")])
    def test_another_kind_of_file(self, archive, content, words):
        archive.write_bytes(content)
        with pytest.raises(IntegrityError, match=words):
            load_variations("mnist-rot")

    def test_the_archive_of_another_set(self, archive, contents, monkeypatch):
        other = write_archive(archive.with_name("other.zip"), contents, "mnist-back-rand")
        publish(monkeypatch, other, "mnist-back-rand")
        other.replace(archive)
        with pytest.raises(IntegrityError, match=r"received mnist_background_random\.zip\. Give it that name"):
            load_variations("mnist-rot")

    def test_an_archive_without_the_files(self, archive, contents, monkeypatch):
        publish(monkeypatch, write_archive(archive, contents, "mnist-back-rand"))
        with pytest.raises(
            IntegrityError, match=r"expected mnist_all_.*\.amat in it; received mnist_background_random_tr"
        ):
            load_variations("mnist-rot")

    def test_damage_inside_an_archive(self, archive, monkeypatch):
        content = bytearray(archive.read_bytes())
        content[len(content) // 2] ^= 1
        archive.write_bytes(content)
        publish(monkeypatch, archive)
        with pytest.raises(IntegrityError, match=r"is damaged in the archive|row \d+"):
            load_variations("mnist-rot")

    def test_swapped_files(self, empty_home, contents):
        write_files(empty_home, contents[::-1])
        with pytest.raises(IntegrityError, match=r"train_valid\.amat: expected 12 rows; received 50.*are swapped"):
            load_variations("mnist-rot")

    @pytest.mark.parametrize(
        ("damage", "words"),
        [
            (lambda content: content[:-100], r"test\.amat: row 50: expected 785 numbers"),
            (lambda content: b"#sizes: 784 1 0 0\n" + content, "received a header"),
            (lambda content: PAGE + b"\n", "received a web page"),
            (
                lambda content: content[:-14] + b"1.0000000e+01\n",
                "row 50, column 785: expected a class from 0 to 9.*received 10",
            ),
        ],
    )
    def test_a_damaged_file(self, empty_home, contents, damage, words):
        write_files(empty_home, (contents[0], damage(contents[1])))
        with pytest.raises(IntegrityError, match=words):
            load_variations("mnist-rot")

    def test_one_file_without_the_other(self, empty_home, contents):
        write_files(empty_home, contents)
        (empty_home / PUBLICATIONS["mnist-rot"].train_file).unlink()
        with pytest.raises(MissingDataError, match=r"has mnist_\w+_test\.amat, but not mnist_\w+_train_valid\.amat"):
            load_variations("mnist-rot")
