import io
import pickle
import zipfile

import numpy as np
import pytest

from ld_data.errors import InputError, IntegrityError
from ld_data.storage.arrays import read_npy, read_npz, write_npy, write_npy_header, write_npz, write_values


class Bomb:
    """An object that fails the test if it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def npy_header(text):
    """`.npy` bytes of a header alone."""
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def save_npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def test_npz_round_trip_is_exact_and_its_bytes_are_reproducible(tmp_path):
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([1, 2], np.uint8)}
    write_npz(tmp_path / "1.npz", arrays)
    write_npz(tmp_path / "2.npz", arrays)
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()
    for name, array in read_npz(tmp_path / "1.npz").items():
        assert array.dtype == arrays[name].dtype
        assert np.array_equal(array, arrays[name])


def test_big_endian_arrays_are_stored_little_endian(tmp_path):
    write_npz(tmp_path / "a.npz", {"a": np.arange(3, dtype=">f4")})
    assert read_npz(tmp_path / "a.npz")["a"].dtype == np.dtype("<f4")


def test_an_npz_with_pickled_objects_is_refused_unread(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.array([Bomb()], dtype=object))
    with pytest.raises(IntegrityError, match="plain numeric arrays"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "html"])
def test_a_damaged_npz_is_refused(tmp_path, damage):
    path = tmp_path / "a.npz"
    write_npz(path, {"a": np.arange(1000.0)})
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[500] ^= 1
    path.write_bytes({"truncate": content[:3000], "flip": content, "empty": b"", "html": b"<html>404"}[damage])
    with pytest.raises(IntegrityError, match="could not read it"):
        read_npz(path)


@pytest.mark.slow
@pytest.mark.parametrize("save", [write_npz, lambda path, arrays: np.savez_compressed(path, **arrays)])
def test_any_flipped_bit_is_refused_or_harmless(tmp_path, save):
    path, array = tmp_path / "a.npz", np.arange(40.0)
    save(path, {"a": array})
    content = path.read_bytes()
    refused = 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            read = read_npz(path)
        except IntegrityError:
            refused += 1
        else:
            assert all(np.array_equal(values, array) for values in read.values())
    assert refused > len(content) / 3


def test_a_missing_file_is_reported_as_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "a.npz")


def test_a_zip_bomb_is_refused_before_it_is_inflated(tmp_path, monkeypatch):
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as file,
    ):
        for _ in range(5):
            file.write(bytes(1000))
    monkeypatch.setattr("ld_data.storage.arrays.MAX_ARRAY_BYTES", 4999)
    with pytest.raises(IntegrityError, match="declares 5000"):
        read_npz(path)


def test_a_header_that_declares_more_than_memory_holds_is_refused(tmp_path):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({2**50},)}}\n"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", npy_header(header) + b"1234")
    with pytest.raises(IntegrityError, match="could not read it"):
        read_npz(tmp_path / "a.npz")


def test_an_entry_that_is_no_array_is_an_array_of_bytes(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.txt", b"a text")
    assert read_npz(tmp_path / "a.npz")["a.txt"].dtype == "S6"


def test_npy_round_trip():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(read_npy(write_npy(array)), array)
    assert np.array_equal(read_npy(save_npy(np.asfortranarray(array))), array)
    assert np.array_equal(read_npy(save_npy(array.astype(">f8"))), array)
    assert read_npy(save_npy(np.zeros((0, 3)))).shape == (0, 3)
    assert read_npy(save_npy(np.float32(2))).shape == ()


def test_npy_bytes_of_equal_headers_give_their_own_values_and_share_their_memory():
    one, two = write_npy(np.array([1.0])), write_npy(np.array([2.0]))
    assert (read_npy(one), read_npy(two)) == ([1.0], [2.0])
    assert np.shares_memory(read_npy(one), np.frombuffer(one, np.uint8))
    assert not read_npy(one).flags.writeable


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_both_versions_of_npy_are_read_and_no_other(version):
    array, stream = np.arange(6, dtype=np.float32).reshape(2, 3), io.BytesIO()
    np.lib.format.write_array(stream, array, version=version, allow_pickle=False)
    content = stream.getvalue()
    assert np.array_equal(read_npy(content), array)
    with pytest.raises(InputError, match=r"version 1.0 or 2.0"):
        read_npy(content[:6] + b"\x03\x00" + content[8:])


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<i8", "u1"])
@pytest.mark.parametrize("shape", [(), (0, 4), (5,), (6, 2, 3)])
def test_npy_bytes_are_those_that_numpy_writes_and_may_be_written_in_parts(shape, dtype):
    array = np.asfortranarray(np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype))
    expected = save_npy(np.asarray(array, array.dtype.newbyteorder("<"), order="C"))
    assert write_npy(array) == expected
    if len(shape):
        parts = [array[:3], array[3:]]
        assert write_npy_header(shape, array.dtype) + b"".join(map(write_values, parts)) == expected


def test_python_objects_are_not_written():
    with pytest.raises(InputError, match="never pickled"):
        write_npy(np.array([None]))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "could not read"),
        (b"\x93NUMPY", "could not read"),
        (b"\x93NUMPY\x09\x00", "version"),
        (write_npy(np.zeros(4))[:-1], "declares 32 bytes"),
        (write_npy(np.zeros(4)) + b"x", "declares 32 bytes"),
        (write_npy(np.zeros(4)).replace(b"(4,)", b"(9999999999,)").replace(b" " * 11 + b"\n", b"  \n"), "declares"),
        (write_npy(np.zeros(4)).replace(b"(4,)", b"(-4)"), "could not read"),
        (write_npy(np.zeros(4)).replace(b"'<f8'", b"'<q9'"), "could not read"),
        (save_npy(np.array([Bomb()], dtype=object)), "never unpickled"),
        (pickle.dumps(Bomb()), "could not read"),
        (b"PK\x03\x04-", "Save one array with numpy.save"),
        (npy_header("-" * 9000 + "1"), "too deeply"),  # Python's parser raises MemoryError for it
        (npy_header("(" * 9000), r"could not read.{1,210}$"),
        (npy_header(" " * 20_000), r"could not read.{1,210}$"),
    ],
)
def test_a_lying_or_damaged_npy_is_refused(content, reason):
    with pytest.raises(InputError, match=reason):
        read_npy(content)
