import contextlib
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from api.releases.catalogue import Catalogue
from ld_data.errors import IntegrityError, StorageError
from ld_data.release import folder as folder_module
from ld_data.release.folder import list_releases, load, load_verified, verify
from ld_data.release.manifest import MANIFEST_NAME, Change
from ld_data.release.publication import amend_release, publish, stage_release
from tests.support.fakes import FakeCodec, build_release, make_plan, make_source

STEPS = 13


class Killed(BaseException):
    """Stands in for the end of the process: nothing catches it."""


@pytest.fixture
def newer(release, tmp_path) -> Path:
    """A second version of the release, ready to be published."""
    folder = release.parent / ".fake-4.building"
    shutil.copytree(release, folder)
    manifest = (folder / MANIFEST_NAME).read_text()
    (folder / MANIFEST_NAME).write_text(manifest.replace('"1.0.0"', '"2.0.0"'))
    return folder


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_publisher_killed_at_any_step_leaves_a_whole_release(release, newer, monkeypatch, step):
    """Every rename and every removal of a folder is a step; the process ends before the given one."""
    count = 0

    def dying(function):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count == step:
                raise Killed
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying(Path.rename))
        patch.setattr(Path, "replace", dying(Path.replace))
        patch.setattr("ld_data.release.publication.shutil.rmtree", dying(shutil.rmtree))
        patch.setattr("ld_data.storage.staging._flush", dying(lambda path: None))
        with contextlib.suppress(Killed):
            publish_staged(newer, release)
    version = verify("fake-4").release_version
    assert version in ("1.0.0", "2.0.0")
    assert list_releases() == ["fake-4"]
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        assert catalogue.find("fake-4").manifest.release_version == version
    publish_staged(newer, release)  # the next publisher cleans up
    assert verify("fake-4").release_version == "2.0.0"
    assert {path.name for path in release.parent.iterdir()} == {"fake-4", newer.name}


def publish_staged(newer, release):
    with stage_release(release) as staging:
        shutil.copytree(newer, staging, dirs_exist_ok=True)
        publish(staging, release)


def test_publishing_has_no_other_steps(release, newer, monkeypatch):
    calls = []
    monkeypatch.setattr("ld_data.storage.staging._flush", lambda path: calls.append("flush"))
    for name in ("rename", "replace"):
        function = getattr(Path, name)
        monkeypatch.setattr(Path, name, lambda *names, function=function: calls.append("name") or function(*names))
    publish(newer, release)
    assert len(calls) + 2 == STEPS  # and two removals


def test_publishing_replaces_a_release_whole(release, newer):
    (release / "left over").write_text("")
    publish(newer, release)
    assert {path.name for path in release.iterdir()} == {"data.npz", "model.json", MANIFEST_NAME}
    assert list(release.parent.iterdir()) == [release]


def test_a_link_to_a_release_is_replaced_as_often_as_needed(release, tmp_path):
    elsewhere = release.rename(tmp_path / "elsewhere")
    release.symlink_to(elsewhere)
    for seed in (1, 2):
        build_release(make_source(), FakeCodec(), make_plan(seed=seed), release.parent)
        assert verify("fake-4").seed == seed
        assert list(release.parent.iterdir()) == [release]
    assert verify(elsewhere).seed == 0


def test_a_folder_that_is_no_release_is_never_replaced(newer, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("")
    with pytest.raises(StorageError, match="is not a release, so it is not replaced"):
        publish(newer, tmp_path / "photos")
    assert (tmp_path / "photos" / "a.jpg").exists()
    assert newer.exists()


@pytest.mark.slow
def test_readers_see_a_whole_release_while_it_is_replaced(release, tmp_path):
    def replace_again_and_again():
        for number in range(30):
            copy = release.parent / f".copy-{number}"
            shutil.copytree(tmp_path / "original", copy)
            publish(copy, release)

    shutil.copytree(release, tmp_path / "original")
    writer = threading.Thread(target=replace_again_and_again)
    writer.start()
    reads = 0
    while writer.is_alive():
        assert load("fake-4").name == "fake-4"
        reads += 1
    writer.join()
    assert reads > 0


def add_change(name, version, measured):
    change = Change(version, "2026-01-01", "x")
    return amend_release(name, measured, lambda manifest, _: replace(manifest, changes=(change, *manifest.changes)))


def test_of_many_amendments_at_once_none_is_lost(release, monkeypatch):
    """The lock holds until the old folder is gone, although the new one has its name before."""
    remove = shutil.rmtree
    slowly = lambda *given, **options: time.sleep(0.01) or remove(*given, **options)  # noqa: E731
    monkeypatch.setattr("ld_data.release.publication.shutil.rmtree", slowly)
    measured = verify(release).files
    writers = [threading.Thread(target=add_change, args=(release, f"{number}.0.0", measured)) for number in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert {change.version for change in verify(release).changes} == {f"{number}.0.0" for number in range(5)}
    assert list(release.parent.iterdir()) == [release]


def test_an_amendment_after_a_kill_between_two_renames_keeps_the_name(release):
    measured = verify(release).files
    previous = release.rename(release.parent / ".fake-4.previous")
    assert add_change("fake-4", "2.0.0", measured) == release
    release.rename(previous)
    assert add_change(previous, "3.0.0", measured) == release
    assert [change.version for change in verify("fake-4").changes] == ["3.0.0", "2.0.0", "1.0.0"]
    assert list(release.parent.iterdir()) == [release]


def test_a_measure_of_another_release_amends_nothing(release):
    measured = verify(release).files
    build_release(make_source(), FakeCodec(), make_plan(seed=1), release.parent)
    newer = verify(release)
    with pytest.raises(IntegrityError, match=r"replaced by another release while it was measured.*Measure it again"):
        add_change(release, "2.0.0", measured)
    assert verify(release) == newer


def test_a_manifest_and_its_arrays_are_of_one_release(release, newer, monkeypatch):
    """A publisher replaces the release between the check of the files and the reading of the arrays."""
    build_release(make_source(), FakeCodec(), make_plan(seed=1), newer.parent / "other")
    (other,) = (newer.parent / "other").iterdir()
    check, publishers = folder_module.verify_files, iter([lambda: publish(other, release)])

    def check_and_replace(folder):
        manifest = check(folder)
        next(publishers, lambda: None)()
        return manifest

    monkeypatch.setattr(folder_module, "verify_files", check_and_replace)
    manifest, data = load_verified("fake-4")
    assert manifest.seed == data.manifest.seed == 1
