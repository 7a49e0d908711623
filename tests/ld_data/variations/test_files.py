import numpy as np
import pytest

from ld_data.errors import InputError, StorageError
from ld_data.sources.user_images import read_source
from ld_data.variations.files import read_pictures, write_variations
from ld_data.variations.stream import PRESETS, VariationStream


@pytest.fixture
def stream():
    images = np.random.default_rng(0).uniform(size=(20, 8, 8))
    return VariationStream(
        PRESETS["mnist-rot-back-image-like"], images, np.arange(20) % 2, images[:3].repeat(4, axis=1)
    )


def test_the_file_holds_the_rows_with_their_angles_and_backgrounds(tmp_path, stream, monkeypatch):
    monkeypatch.setattr("ld_data.variations.stream.PART_ROWS", 7)
    write_variations(stream, 40, stream, 20, tmp_path / "v.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["v.npz"]
    with np.load(tmp_path / "v.npz") as arrays:
        for split, first_row, rows in (("train", 0, 40), ("test", 40, 20)):
            for name, values in vars(stream.make_rows(first_row, rows)).items():
                assert np.array_equal(arrays[f"{name}_{split}"], values)
        assert len(arrays.files) == 8


def test_the_bytes_depend_on_the_arguments_alone(tmp_path, stream):
    for name in ("a.npz", "b.npz"):
        write_variations(stream, 30, stream, 20, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_file_is_a_source_to_build_from(tmp_path, stream):
    write_variations(stream, 40, stream, 20, tmp_path / "v.npz")
    source = read_source(tmp_path / "v.npz")
    assert (source.inputs_train.shape, source.inputs_test.shape, source.classes) == ((40, 8, 8), (20, 8, 8), 2)


@pytest.mark.parametrize(
    ("path", "words"),
    [("v.npy", "must end in .npz"), ("nowhere/v.npz", "no folder"), ("here.npz", "is not overwritten")],
)
def test_a_bad_target_is_refused(tmp_path, stream, path, words):
    (tmp_path / "here.npz").write_text("mine")
    with pytest.raises(InputError, match=words):
        write_variations(stream, 1, stream, 1, tmp_path / path)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_full_disk_leaves_nothing(tmp_path, stream, monkeypatch):
    def refuse(path, arrays):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ld_data.variations.files.write_npz", refuse)
    with pytest.raises(StorageError, match="No space left"):
        write_variations(stream, 5, stream, 5, tmp_path / "v.npz")
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_read_from_npy_and_npz(tmp_path):
    pictures = np.random.default_rng(0).uniform(size=(2, 5, 6))
    np.save(tmp_path / "p.npy", pictures)
    np.savez(tmp_path / "p.npz", a=pictures[0], b=pictures[1, :3])
    assert np.array_equal(read_pictures(tmp_path / "p.npy"), pictures)
    assert [picture.shape for picture in read_pictures(tmp_path / "p.npz")] == [(5, 6), (3, 6)]


def test_pictures_in_another_format_are_refused(tmp_path):
    (tmp_path / "p.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match=r"p\.png: neither \.npy nor \.npz"):
        read_pictures(tmp_path / "p.png")
