import dataclasses
import json

import pytest

from ld_data.errors import IntegrityError
from ld_data.fingerprint import read_fingerprint
from ld_data.release.manifest import MANIFEST_NAME, Manifest, RecipeRecord, read_manifest
from tests.support.fakes import add_shifts


def test_json_round_trip(release):
    manifest = read_manifest(release)
    assert Manifest.from_json(manifest.to_json(), release) == manifest


def test_a_recipe_with_a_whole_number_as_its_readability_is_read_again(release):
    manifest = read_manifest(release)
    for readability in (10, 0, 2.5, None):
        own = dataclasses.replace(manifest, recipe=dataclasses.replace(manifest.recipe, readability=readability))
        assert Manifest.from_json(own.to_json(), release) == own
    for wrong in ("10", True):
        own = dataclasses.replace(manifest, recipe=dataclasses.replace(manifest.recipe, readability=wrong))
        with pytest.raises(IntegrityError, match="readability must be"):
            Manifest.from_json(own.to_json(), release)


def test_it_says_how_the_release_was_made(release):
    manifest = read_manifest(release)
    assert manifest.command == "a test"
    assert manifest.recipe == RecipeRecord("fake", 1, 0, has_goals=False)
    assert manifest.y_kind == "gaussian"
    assert manifest.source["name"] == "fake"
    assert manifest.arrays["x_train"].shape == (60, 4)
    assert manifest.arrays["x_train"].dtype == "float32"
    assert set(manifest.files) == {"data.npz", "model.json"}
    assert set(manifest.npy_files) == {"train_x.npy", "train_y.npy", "test_x.npy", "test_y.npy"}
    assert {"python", "numpy", "scipy"} <= set(manifest.libraries)
    assert set(manifest.health) == {"x_train", "y_train", "x_test", "y_test"}


def test_another_text_is_refused(release):
    for text in ("", "[]", "{", '{"format_version": 2}', '{"format_version": 3}', "[" * 100_000, "null"):
        (release / MANIFEST_NAME).write_text(text)
        with pytest.raises(IntegrityError, match="not a manifest of this format"):
            read_manifest(release)


def test_an_older_format_is_refused(release):
    values = json.loads((release / MANIFEST_NAME).read_text())
    with pytest.raises(IntegrityError, match="expected format_version 3; received 2"):
        Manifest.from_json(json.dumps({**values, "format_version": 2}), release)


def test_an_older_manifest_has_no_fingerprint(release):
    values = json.loads((release / MANIFEST_NAME).read_text())
    assert values.pop("fingerprint") == read_fingerprint()
    assert Manifest.from_json(json.dumps(values), release).fingerprint == {}


def test_shifts_are_written_only_where_a_release_has_some(release):
    manifest = read_manifest(release)
    assert "shifts" not in manifest.to_values()
    add_shifts(release)
    shifted = read_manifest(release)
    assert shifted.to_values()["shifts"] == {"noise": {"std": 0.5, "seed": 0}, "scale": {"factor": 2}}
    lost = {**shifted.to_values(), "files": manifest.to_values()["files"]}
    with pytest.raises(IntegrityError, match="files must include those of all shifts; they lack that of 'noise'"):
        Manifest.from_json(json.dumps(lost), release)


def test_every_field_but_these_is_required(release):
    values = json.loads((release / MANIFEST_NAME).read_text())
    for field in dataclasses.fields(Manifest):
        if field.name in ("fingerprint", "shifts"):
            continue
        lacking = {name: value for name, value in values.items() if name != field.name}
        with pytest.raises(IntegrityError, match=field.name):
            Manifest.from_json(json.dumps(lacking), release)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", "0"),
        ("floor", "abc"),
        ("source", "x"),
        ("source", {"name": "a"}),
        ("null", True),
        ("files", []),
        ("name", 3),
        ("changes", {}),
        ("changes", []),
        ("y_kind", "squares"),
        ("y_kind", None),
        ("recipe", "mnist"),
        ("recipe", []),
        ("recipe", {"name": "mnist", "epochs": "1", "flow_epochs": 1, "has_goals": True}),
        ("recipe", {"name": "mnist", "epochs": 1, "flow_epochs": 1, "has_goals": 1}),
    ],
)
def test_a_field_of_another_type_is_refused(release, field, value):
    values = json.loads((release / MANIFEST_NAME).read_text())
    with pytest.raises(IntegrityError, match=field):
        Manifest.from_json(json.dumps({**values, field: value}), release)


@pytest.mark.parametrize("name", ["../../evil", "..", "", "a/b", "a\0b"])
def test_a_file_name_with_a_folder_in_it_is_refused(release, name):
    values = json.loads((release / MANIFEST_NAME).read_text())
    values["files"][name] = values["files"].pop("model.json")
    with pytest.raises(IntegrityError, match="must not hold folders"):
        Manifest.from_json(json.dumps(values), release)


@pytest.mark.parametrize("group", ["files", "npy_files"])
@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"size": 1, "sha256": "/" * 55 + "home/file"}, "the sha256 of a must have 64"),  # where a download is kept
        ({"size": 1, "sha256": "../" * 21 + "a"}, "the sha256 of a must have 64"),
        ({"size": 1, "sha256": "0" * 64 + "\n"}, "the sha256 of a must have 64"),
        ({"size": 1, "sha256": 0}, "the sha256 of a must have 64"),
        ({"size": -1, "sha256": "0" * 64}, "the size of a must be"),
        ({"size": "1", "sha256": "0" * 64}, "the size of a must be"),
    ],
)
def test_a_malformed_record_of_a_file_is_refused(release, group, record, reason):
    values = json.loads((release / MANIFEST_NAME).read_text())
    values[group]["a"] = record
    with pytest.raises(IntegrityError, match=reason):
        Manifest.from_json(json.dumps(values), release)


def test_a_huge_or_binary_manifest_is_refused(release):
    (release / MANIFEST_NAME).write_bytes(b"\xff" * 100)
    with pytest.raises(IntegrityError, match="UTF-8"):
        read_manifest(release)
    (release / MANIFEST_NAME).write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(IntegrityError, match="at most"):
        read_manifest(release)


@pytest.mark.parametrize(
    "changes",
    [
        3,
        ["x"],
        [{}],
        [{"version": "1.0.0", "date": "soon", "text": "x"}],
        [{"version": "1.0", "date": "2026-01-01", "text": "x"}],
        [{"version": 1, "date": "2026-01-01"}],
    ],
)
def test_changes_of_another_form_are_refused(release, changes):
    values = json.loads((release / MANIFEST_NAME).read_text())
    with pytest.raises(IntegrityError, match="not a manifest of this format"):
        Manifest.from_json(json.dumps({**values, "changes": changes}), release)


@pytest.mark.parametrize("name", ["", "../outside", "a/b", "A"])
def test_a_name_that_cannot_be_a_release_s_is_refused(release, name):
    values = json.loads((release / MANIFEST_NAME).read_text())
    with pytest.raises(IntegrityError, match="lower-case letters, digits and hyphens"):
        Manifest.from_json(json.dumps({**values, "name": name}), release)
