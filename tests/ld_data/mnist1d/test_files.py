import io
import os
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import make_mnist1d, plan_mnist1d
from ld_data.mnist1d.files import stream_npy, stream_npz, write_signals

SMALL = Mnist1dConfig(num_samples=200, final_seq_length=10)
LARGE = Mnist1dConfig(num_samples=150_000, final_seq_length=5)  # parts end inside the training and the test set


@pytest.mark.slow
@pytest.mark.parametrize("config", [SMALL, LARGE, replace(SMALL, train_split=0.0), replace(SMALL, train_split=1.0)])
@pytest.mark.parametrize("mode", ["canonical", "fast"])
def test_an_npz_holds_the_data_set(tmp_path, config, mode):
    if config == LARGE and mode == "canonical":
        config = replace(config, num_samples=1000)
    assert write_signals(plan_mnist1d(config, mode=mode), tmp_path / "s.npz") == [tmp_path / "s.npz"]
    with np.load(tmp_path / "s.npz", allow_pickle=False) as found:
        assert found.files == ["x", "x_test", "y", "y_test", "t"]
        for name in found.files:
            expected = getattr(make_mnist1d(config, mode=mode), name)
            assert np.array_equal(found[name], expected)
            assert found[name].dtype == expected.dtype


def test_a_folder_holds_all_signals_and_their_classes(tmp_path):
    files = write_signals(plan_mnist1d(LARGE), tmp_path / "s")
    assert files == [tmp_path / "s" / "signals.npy", tmp_path / "s" / "labels.npy"]
    data = make_mnist1d(LARGE)
    assert np.array_equal(np.load(files[0]), np.concatenate([data.x, data.x_test]))
    assert np.array_equal(np.load(files[1]), np.concatenate([data.y, data.y_test]))
    assert sorted(tmp_path.rglob("*")) == sorted([tmp_path / "s", *files])


@pytest.mark.slow
def test_streams_are_the_files(tmp_path):
    for name, stream in (("s.npz", stream_npz), ("s", stream_npy)):
        file, *_ = write_signals(plan_mnist1d(SMALL), tmp_path / name)
        assert b"".join(stream(plan_mnist1d(SMALL))) == file.read_bytes()


def test_the_same_signals_give_the_same_bytes():
    assert b"".join(stream_npz(plan_mnist1d(SMALL))) == b"".join(stream_npz(plan_mnist1d(SMALL)))


@pytest.mark.slow
@pytest.mark.parametrize("stream", [stream_npy, stream_npz])
def test_memory_does_not_grow_with_the_signals(stream):
    peaks = []
    for blocks in (4, 8):  # two and four blocks of the stream: it holds one while it draws the next
        plan = plan_mnist1d(replace(LARGE, num_samples=blocks * 65_530, final_seq_length=40))
        list(map(len, stream(plan_mnist1d(SMALL))))  # makes the tables, which stay
        tracemalloc.start()
        size = sum(map(len, stream(plan)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert size > 60e6
    assert peaks[1] < 1.2 * peaks[0] + 9 * 12 * 65_530  # the classes are kept until they are written


def test_progress_is_shown_only_on_a_terminal(tmp_path, capsys, monkeypatch):
    write_signals(plan_mnist1d(SMALL), tmp_path / "s.npz")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    write_signals(plan_mnist1d(SMALL), tmp_path / "t.npz")
    assert "t.npz: 100%" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "reason"),
    [("s.npy", "must end in .npz"), ("no/s.npz", "no folder"), ("there.npz", "exists"), ("there", "exists")],
)
def test_a_bad_path_is_refused_and_nothing_written(tmp_path, name, reason):
    (tmp_path / "there.npz").write_bytes(b"precious")
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match=reason):
        write_signals(plan_mnist1d(SMALL), tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there", "there.npz"]
    assert (tmp_path / "there.npz").read_bytes() == b"precious"


def test_a_failure_half_way_leaves_nothing(tmp_path):
    def fail():
        yield make_mnist1d(SMALL).x, make_mnist1d(SMALL).y
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_signals(replace(plan_mnist1d(SMALL), parts=fail), tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["s.npz", "s"])
def test_the_signals_and_their_classes_take_their_place_in_one_step(tmp_path, monkeypatch, name):
    """After a kill before or after that step, the same command finds everything, or can run again."""
    replaced = []
    monkeypatch.setattr(Path, "replace", lambda *names: replaced.append(names) or os.replace(*names))
    monkeypatch.setattr(Path, "rename", None)
    files = write_signals(plan_mnist1d(SMALL), tmp_path / name)
    assert len(replaced) == 1
    assert all(file.is_file() for file in files)


def test_headers_are_numpy_s():
    content = b"".join(stream_npy(plan_mnist1d(SMALL)))
    data = make_mnist1d(SMALL)
    expected = io.BytesIO()
    np.lib.format.write_array(expected, np.concatenate([data.x, data.x_test]), version=(1, 0))
    assert content == expected.getvalue()
