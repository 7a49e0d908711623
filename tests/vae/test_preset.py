import io
import json
from pathlib import Path

import numpy as np
import pytest

import vae
from ld_data.errors import InputError, IntegrityError, StorageError
from ld_data.release.manifest import MAX_MANIFEST_BYTES, FileRecord
from ld_data.storage.staging import make_staging_folder
from tests.support.paths import ROOT
from vae.preset import PRESET_NAME, Preset

RELEASE = ROOT / "checkpoints" / "ld-mnist1d-32"
FILES = {"model.json", "cells.npz", "x.encoder.onnx", "x.decoder.onnx"}
VALUES = {
    "format_version": 1,
    "x": "InputCodec",
    "y": "Cells",
    "files": {"model.json": {"size": 3, "sha256": "0" * 64}},
}


@pytest.fixture(scope="module")
def codec():
    return vae.load(RELEASE)


@pytest.fixture
def preset(codec, tmp_path):
    return codec.save_to_preset(tmp_path / "preset")


def change(**changes):
    return json.dumps(VALUES | changes)


def test_a_preset_is_loaded_as_it_was_saved(codec, preset):
    again = vae.load(preset)
    x = np.random.default_rng(0).normal(size=(5, 32))
    assert np.array_equal(again.x.decode(x), codec.x.decode(x))
    assert np.array_equal(again.y.encode([1, 2], seed=3), codec.y.encode([1, 2], seed=3))
    assert {path.name for path in preset.iterdir()} == {*FILES, PRESET_NAME}


def test_it_tells_its_classes_and_the_hashes_of_its_files(preset):
    values = json.loads((preset / PRESET_NAME).read_text())
    assert (values["format_version"], values["x"], values["y"]) == (1, "InputCodec", "Cells")
    assert values["files"] == {name: vars(FileRecord.of(preset / name)) for name in sorted(FILES)}


def test_models_of_a_release_are_saved_byte_for_byte(preset):
    for name in FILES:
        assert (preset / name).read_bytes() == (RELEASE / name).read_bytes()


@pytest.mark.parametrize("kind", [str, Path])
def test_the_folder_is_a_text_or_a_path_and_may_be_empty(codec, tmp_path, kind):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new/folder"):
        assert codec.save_to_preset(kind(tmp_path / name)) == tmp_path / name
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "folder"]


def test_an_existing_folder_is_not_overwritten(codec, preset, tmp_path):
    before = (preset / PRESET_NAME).read_bytes()
    (tmp_path / "file").write_text("mine")
    for place in (preset, tmp_path / "file"):
        with pytest.raises(InputError, match="exists and is not overwritten"):
            codec.save_to_preset(place)
    assert (preset / PRESET_NAME).read_bytes() == before
    assert (tmp_path / "file").read_text() == "mine"


def test_a_save_that_fails_leaves_nothing(codec, tmp_path, monkeypatch):
    def fill_disk(preset):
        raise OSError("no space")

    monkeypatch.setattr("vae.codec.Preset.to_json", fill_disk)
    with pytest.raises(StorageError, match="no space"):
        codec.save_to_preset(tmp_path / "preset")
    assert list(tmp_path.iterdir()) == []


def test_one_writer_at_a_time(codec, tmp_path):
    with (
        make_staging_folder(tmp_path, "preset"),
        pytest.raises(StorageError, match="another process is writing preset"),
    ):
        codec.save_to_preset(tmp_path / "preset")


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("damage", ["flip", "cut", "delete"])
def test_an_altered_file_is_caught_before_anything_is_read(preset, name, damage, monkeypatch):
    monkeypatch.setattr("vae.codec._read", lambda *_: pytest.fail("it was read"))
    path = preset / name
    content = bytearray(path.read_bytes())
    if damage == "delete":
        path.unlink()
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content if damage == "flip" else content[:-1])
    words = {"flip": "was altered: expected sha256", "cut": "expected .* bytes; received", "delete": "is missing"}
    with pytest.raises(IntegrityError, match=words[damage]) as caught:
        vae.load(preset)
    assert name in str(caught.value)


def publish(folder, name, content):
    """Put a file into a preset together with its record."""
    (folder / name).write_bytes(content)
    values = json.loads((folder / PRESET_NAME).read_text())
    values["files"][name] = vars(FileRecord.of(folder / name))
    (folder / PRESET_NAME).write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("class_weight", np.zeros((5, 10), np.float32), "expected class_mean of shape"),
        ("class_bias", np.zeros(3, np.float32), r"expected class_bias of shape \(10,\); received \(3,\)"),
        ("class_bias", np.array(["a"] * 10), "class_bias must be numbers"),
        ("frequency", np.full(10, np.nan), "frequency must be finite"),
    ],
)
def test_arrays_of_classes_that_do_not_belong_together_are_refused(preset, name, array, reason):
    with np.load(preset / "cells.npz") as arrays:
        changed = dict(arrays) | {name: array}
    stream = io.BytesIO()
    np.savez(stream, **changed)
    publish(preset, "cells.npz", stream.getvalue())
    with pytest.raises(IntegrityError, match=f"could not load its models.*{reason}"):
        vae.load(preset)


def test_a_configuration_without_an_end_is_refused(preset):
    publish(preset, "model.json", b"[" * 100_000)
    with pytest.raises(IntegrityError, match="could not load its models"):
        vae.load(preset)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a preset"),
        ("[]", "expected an object; received list"),
        ("[" * 100_000, "not a preset"),
        ("{}", "expected format_version 1; received None"),
        (change(format_version=2), "expected format_version 1; received 2.*install the version"),
        (change(x="Evil"), "class of x to be one of InputCodec; received 'Evil'"),
        (change(y="os.system"), "class of y to be one of Cells, GaussianClasses; received 'os.system'"),
        (change(y=["Cells"]), "y must be .*str.*; received"),
        (change(files=[]), "not a preset"),
        (change(files={"a": 1}), "not a preset"),
        (change(files={"a": {"size": 1}}), "not a preset"),
        (change(files={"a": {"size": 1, "sha256": "0" * 64, "more": 1}}), "not a preset"),
        (change(files={"a": {"size": -1, "sha256": "0" * 64}}), "the size of a must be"),
        (change(files={"a": {"size": True, "sha256": "0" * 64}}), "the size of a must be"),
        (change(files={"a": {"size": 1, "sha256": "0"}}), "the sha256 of a must have 64 hexadecimal digits"),
        (change(files={"a": {"size": 1, "sha256": "/" * 63 + "a"}}), "the sha256 of a must have 64 hexadecimal digits"),
        (change(files={"../a": {"size": 1, "sha256": "0" * 64}}), "must not hold folders.*received '../a'"),
        (change(files={"/etc/passwd": {"size": 1, "sha256": "0" * 64}}), "must not hold folders"),
        (change(files={"..": {"size": 1, "sha256": "0" * 64}}), "must not hold folders"),
        (change(files={"preset.json": {"size": 1, "sha256": "0" * 64}}), "must not include the description"),
        ('{"format_version": 1, "x": "InputCodec", "y": "Cells"}', "files"),
    ],
)
def test_another_text_than_a_preset_is_refused(preset, text, reason):
    (preset / PRESET_NAME).write_text(text)
    with pytest.raises(IntegrityError, match=reason):
        vae.load(preset)


def test_bytes_that_are_no_text_are_refused(preset):
    (preset / PRESET_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(IntegrityError, match="not UTF-8 text"):
        vae.load(preset)


def test_an_oversized_preset_is_not_read(preset):
    (preset / PRESET_NAME).write_bytes(b" " * (MAX_MANIFEST_BYTES + 1))
    with pytest.raises(IntegrityError, match="expected at most 1048576 bytes; has 1048577"):
        vae.load(preset)


def test_json_round_trips():
    preset = Preset.from_json(json.dumps(VALUES), "here")
    assert preset == Preset("InputCodec", "Cells", {"model.json": FileRecord(3, "0" * 64)})
    assert Preset.from_json(preset.to_json(), "here") == preset
