import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import ld_data
from ld_data.errors import HealthError, InputError, IntegrityError, StorageError
from ld_data.release.manifest import read_manifest
from ld_data.release.report import Goal, make_report
from ld_data.release.writer import make_dataset, name_release, replace_report, write_release, write_shifts
from tests.support.fakes import FakeCodec, FakeY, add_shifts, build_release, make_plan, make_source


def test_rows_match_the_source_one_to_one():
    source, codec = make_source(), FakeCodec()
    data = make_dataset(source, codec, "a", seed=5)
    assert np.array_equal(data.train.label, source.label_train)
    assert np.array_equal(data.train.x, codec.x.encode(source.inputs_train, seed=5))
    assert np.array_equal(data.test.y, codec.y.encode(source.label_test, seed=5, first_row=60))


def test_x_and_y_share_no_noise():
    source = make_source()
    data = make_dataset(source, FakeCodec(), "a", seed=0)
    x_noise = data.train.x - source.inputs_train.reshape(-1, 4)
    y_noise = data.train.y - FakeY().class_mean[data.train.label]
    assert abs(np.corrcoef(x_noise.ravel(), y_noise.ravel())[0, 1]) < 0.2


def test_the_same_seed_gives_the_same_bytes(release, tmp_path):
    again = build_release(make_source(), FakeCodec(), make_plan(), tmp_path / "again")
    for path in release.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes()
    other = build_release(make_source(), FakeCodec(), make_plan(seed=1), tmp_path / "other")
    assert (other / "data.npz").read_bytes() != (release / "data.npz").read_bytes()


def test_hashes_of_the_four_files_are_those_of_numpy_s_files(release, tmp_path):
    manifest = read_manifest(release)
    for path in ld_data.load("fake-4").save_npy(tmp_path):
        assert ld_data.release.manifest.FileRecord.of(path) == manifest.npy_files[path.name]


@pytest.mark.parametrize("failing", ["write_npz", "verify", "publish"])
def test_a_full_disk_leaves_the_old_release_and_nothing_else(release, monkeypatch, failing):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"ld_data.release.writer.{failing}", fail)
    with pytest.raises(StorageError, match=r"No space left on device.*Nothing was replaced"):
        build_release(make_source(), FakeCodec(), make_plan(seed=1), release.parent)
    assert list(release.parent.iterdir()) == [release]
    assert ld_data.verify("fake-4").seed == 0


class TestTheGate:
    @staticmethod
    def publish(checkpoints, most):
        source, codec, plan = make_source(), FakeCodec(), make_plan(seed=1)
        data = make_dataset(source, codec, plan.release, plan.seed)
        goals = {"x_train": {"worst_mean": Goal(most=most)}}
        report = make_report({"x_train": {"worst_mean": 0.3}}, {}, goals)
        return write_release(source, codec, plan, data, report, checkpoints)

    def test_a_build_that_misses_a_goal_is_kept_aside_and_the_old_release_stays(self, release):
        for _ in range(2):  # a second refused build takes the place of the first
            with pytest.raises(
                HealthError, match=r"misses 1 of its goals.*\n  x_train worst_mean is 0\.3, goal at most 0\.2"
            ):
                self.publish(release.parent, most=0.2)
        assert ld_data.verify("fake-4").seed == 0
        aside = release.parent / ".fake-4.refused"
        assert ld_data.verify(aside).seed == 1
        assert read_manifest(aside).health["x_train"]["worst_mean"]["missed"] is True
        assert ld_data.list_releases() == ["fake-4"]

    def test_a_build_that_meets_its_goals_is_published_with_its_report(self, release):
        assert self.publish(release.parent, most=0.4) == release
        assert ld_data.verify("fake-4").health["x_train"]["worst_mean"]["value"] == 0.3


def test_a_new_report_changes_nothing_else(release):
    before, arrays = ld_data.verify("fake-4"), ld_data.load("fake-4").to_arrays()
    report = make_report({"x_train": {"worst_mean": 0.3}}, {}, {})
    replace_report("fake-4", before.files, report, "f" * 64)
    assert ld_data.verify("fake-4") == replace(before, health=report.to_values(), judge_sha256="f" * 64)
    assert all(np.array_equal(array, arrays[name]) for name, array in ld_data.load("fake-4").to_arrays().items())


def test_shifted_test_sets_change_nothing_else(release):
    before = ld_data.verify("fake-4")
    add_shifts(release)
    after = ld_data.verify("fake-4")
    (news, *older), names = after.changes, {"test_x.noise.npy", "test_x.scale.npy"}
    assert news.text == "Shifted test sets are in the release: noise, scale; arrays and models are the same."
    assert {name: record for name, record in after.files.items() if name not in names} == before.files
    assert replace(after, files=before.files, shifts={}, changes=tuple(older)) == before
    add_shifts(release)
    assert ld_data.verify("fake-4") == after


def test_new_shifted_test_sets_replace_the_older_ones(release):
    add_shifts(release)
    write_shifts(release, ld_data.verify(release).files, {"missing": {}}, {"missing": np.zeros((30, 4), np.float32)})
    assert [path.name for path in release.glob("test_x.*")] == ["test_x.missing.npy"]
    assert ld_data.load(release).shifts == ("missing",)


def test_a_damaged_release_gets_no_new_report(release):
    (release / "model.json").write_text('{"fake": null}\n')
    before = read_manifest(release)
    with pytest.raises(IntegrityError, match=r"model\.json was altered"):
        replace_report(release, before.files, make_report({}, {}, {}), "")
    assert read_manifest(release) == before


def test_a_build_after_a_kill_between_two_renames_keeps_the_changes(release):
    release.rename(release.parent / ".fake-4.previous")
    build_release(make_source(), FakeCodec(), make_plan(seed=1), release.parent)
    assert [change.text for change in read_manifest(release).changes] == ["Built anew.", "First release."]


def make_other_source(**changes):
    return replace(make_source(), **{"name": "other", **changes})


@pytest.mark.parametrize("changes", [{}, {"name": "fake", "label_test": make_source().label_test[::-1]}])
def test_a_release_of_another_source_is_only_replaced_on_request(release, changes):
    """A name made of a file's name, `my data.npz` or `my-data.npz`, may be that of another file's release."""
    source, before = make_other_source(**changes), read_manifest(release)
    with pytest.raises(InputError, match=r"fake-4 is a release of another source.*--replace"):
        build_release(source, FakeCodec(), make_plan(), release.parent)
    assert ld_data.verify("fake-4") == before
    build_release(source, FakeCodec(), replace(make_plan(), replaces=True), release.parent)
    assert read_manifest(release).source["sha256"] == source.sha256
    assert [change.text for change in read_manifest(release).changes] == ["First release."]


def test_a_release_of_the_same_source_keeps_its_changes_when_it_may_be_replaced(release):
    build_release(make_source(), FakeCodec(), replace(make_plan(), replaces=True), release.parent)
    manifest = read_manifest(release)
    assert [change.text for change in manifest.changes] == ["Built anew.", "First release."]
    assert [change.version for change in manifest.changes] == ["2.0.0", "1.0.0"]
    assert manifest.release_version == "2.0.0"


def test_a_damaged_release_is_only_replaced_on_request(release):
    (release / "manifest.json").write_text("{")
    with pytest.raises(IntegrityError, match="not a manifest"):
        build_release(make_source(), FakeCodec(), make_plan(), release.parent)
    build_release(make_source(), FakeCodec(), replace(make_plan(), replaces=True), release.parent)
    assert ld_data.verify("fake-4").changes[0].text == "First release."


@pytest.mark.slow
def test_a_build_killed_while_it_writes_leaves_the_old_release(release):
    """A real process, killed in the middle of its writing."""
    script = (
        "import time, pathlib\n"
        "from tests.support.fakes import *\n"
        "class Slow(FakeCodec):\n"
        "    def save(self, folder):\n"
        "        super().save(folder)\n"
        "        print('writing', flush=True)\n"
        "        time.sleep(60)\n"
        f"build_release(make_source(), Slow(), make_plan(seed=1), pathlib.Path({str(release.parent)!r}))\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    assert ld_data.verify("fake-4").seed == 0
    assert ld_data.list_releases() == ["fake-4"]
    build_release(make_source(), FakeCodec(), make_plan(seed=1), release.parent)
    assert ld_data.verify("fake-4").seed == 1
    assert list(release.parent.iterdir()) == [release]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="Permission denied"):
        build_release(make_source(), FakeCodec(), make_plan(), tmp_path)


def test_a_name_that_cannot_be_a_folder_is_refused():
    for name in ("", "../evil", "Ünïcode", "a b", "A", "-a", "--", "a" * 101):
        with pytest.raises(InputError, match="lower-case letters, digits and hyphens"):
            make_plan(name)


def test_releases_are_named_after_source_and_size():
    assert name_release("mnist", 32) == name_release("mnist", 32, "mnist") == "ld-mnist-32"


def test_another_recipe_is_in_the_name():
    assert name_release("mnist", 32, "ld-mnist-v3") == "ld-mnist-v3-32"
    assert name_release("mnist1d-60k", 8, "mnist1d") == "ld-mnist1d-60k-mnist1d-8"
