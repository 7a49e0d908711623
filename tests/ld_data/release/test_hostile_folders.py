"""Releases in folders that are damaged on purpose: each is refused in words of the library, and quickly."""

import json
import os
import shutil

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.releases.catalogue import Catalogue
from ld_data.errors import IntegrityError, LdDataError, StorageError, UnknownNameError
from ld_data.release.folder import find_release, list_releases, load, verify
from ld_data.release.manifest import MANIFEST_NAME, ArrayRecord, FileRecord, Manifest
from ld_data.storage.arrays import read_npz, write_npz
from tests.support.fakes import FakeCodec
from tests.support.service import BASE, assert_error

DEEP = json.loads("[" * 200 + "]" * 200)


def rewrite(release, **changes):
    path = release / MANIFEST_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def make_records(count, size=1):
    return {f"file-{number}": {"size": size, "sha256": "0" * 64} for number in range(count)}


HOSTILE = {
    "nested": ({"health": DEEP}, "nests deeper"),
    "nan": ({"floor": float("nan")}, "not JSON compliant"),
    "infinite": ({"null": float("inf")}, "not JSON compliant"),
    "infinite health": ({"health": {"x": {"rate": {"value": float("inf")}}}}, "not JSON compliant"),
    "floor above null": ({"null": 0.5, "floor": 0.5}, "floor must be from 0 to less than null"),
    "huge integer": ({"seed": 10**30}, "at most 64 bits"),
    "half a surrogate": ({"licence": "\ud800"}, "surrogates not allowed"),
    "too many files": ({"files": make_records(8000)}, "files must have at most 100 files; received 8000"),
    "huge file": ({"files": make_records(1, 10**15)}, "must be a number of bytes up to"),
    "control character": ({"files": {"a\nb": {"size": 1, "sha256": "0" * 64}}}, "control characters"),
    "long file name": ({"files": {"a" * 300: {"size": 1, "sha256": "0" * 64}}}, "more than 100 characters"),
    "long value": ({"seed": "a" * 100_000}, "seed must be"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_manifest_is_refused_in_few_words(release, case):
    changes, reason = HOSTILE[case]
    rewrite(release, **changes)
    for read in (load, verify):
        with pytest.raises(IntegrityError, match=reason) as caught:
            read("fake-4")
        assert len(str(caught.value)) < 1000


@pytest.mark.slow
@pytest.mark.parametrize("case", [*HOSTILE, "no records of .npy files", "wrong records of .npy files"])
def test_a_release_with_a_hostile_manifest_is_not_ready_and_the_others_are(release, store, case):
    other = release.parent / "other-4"
    shutil.copytree(release, other)
    wrong = {
        "no records of .npy files": {},
        "wrong records of .npy files": json.loads((other / MANIFEST_NAME).read_text())["npy_files"] | make_records(0),
    }
    if case.startswith("wrong"):
        wrong[case]["test_y.npy"]["sha256"] = "0" * 64
    rewrite(other, name="other-4", **(HOSTILE[case][0] if case in HOSTILE else {"npy_files": wrong[case]}))
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        client = TestClient(make_app(catalogue, store))
        assert_error(client.get("/v1/datasets/other-4"), 503, "not_ready", "the release other-4 is not ready")
        assert client.get("/health").json()["status"] == "degraded"
        assert client.get(BASE).status_code == 200


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("x_test", lambda array: np.full_like(array, np.nan)),
        ("y_train", lambda array: array.astype("S8")),
        ("class_mean", lambda array: array * np.float32(np.inf)),
        ("class_weight", lambda array: array.ravel()),
        ("label_test", lambda array: array + 200),
        ("label_train", lambda array: array.astype(np.float32)),
        ("label_train", lambda array: array[0]),
    ],
)
def test_arrays_without_meaning_are_refused_whatever_the_hashes_say(release, name, change):
    with np.errstate(invalid="ignore"):
        arrays = read_npz(release / "data.npz")
        arrays[name] = change(arrays[name])
    write_npz(release / "data.npz", arrays)
    manifest = json.loads((release / MANIFEST_NAME).read_text())
    manifest["arrays"][name] = vars(ArrayRecord.of(arrays[name]))
    manifest["files"]["data.npz"] = vars(FileRecord.of(release / "data.npz"))
    rewrite(release, **manifest)
    with pytest.raises(IntegrityError, match=f"{name} must"):
        load("fake-4")


def test_an_unreadable_file_is_an_error_of_the_library(release, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", "data.npz")

    monkeypatch.setattr("ld_data.release.folder.read_npz", refuse)
    for read in (load, verify):
        with pytest.raises(StorageError, match=r"could not read the release .*Permission denied.*permissions"):
            read("fake-4")


@pytest.mark.parametrize("name", ["a\0b", "x/a\0b", "a" * 300, "x/" + "a" * 300, "\udcff"])
def test_a_name_that_no_folder_has_is_unknown(release, name):
    with pytest.raises(UnknownNameError, match="no release"):
        find_release(name)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_a_manifest_that_is_no_file_is_not_waited_for(release, make):
    (release / MANIFEST_NAME).unlink()
    make(release / MANIFEST_NAME)
    with pytest.raises(IntegrityError, match="not a whole release"):
        load("fake-4")


def test_a_folder_whose_name_is_no_text_is_not_ready(release, store):
    odd = os.path.join(os.fsencode(release.parent), b"odd-\xff")
    shutil.copytree(os.fsencode(release), odd)
    (release / "left\udcff").write_text("")
    assert len(list_releases()) == 2
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        client = TestClient(make_app(catalogue, store))
        assert list(client.get("/health").json()["not_ready"]) == ["odd-\\udcff"]
        assert client.get(BASE).status_code == 200


def test_a_loader_that_fails_in_any_way_leaves_the_others_served(release):
    def fail(folder):
        raise RecursionError

    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, fail)
        assert catalogue.explain_not_ready() == {"fake-4": "RecursionError"}


def test_random_damage_of_a_manifest_is_an_error_of_the_library(release):
    text, random = (release / MANIFEST_NAME).read_text(), np.random.default_rng(0)
    pieces = ["[", "}", '"', "-", "1e999", "null", "{}", "\\ud800", "9" * 30, "NaN", "true"]
    for _ in range(300):
        start = random.integers(len(text))
        damaged = text[:start] + random.choice(pieces) + text[start + random.integers(9) :]
        try:
            Manifest.from_json(damaged, "a test")
        except LdDataError:
            continue
