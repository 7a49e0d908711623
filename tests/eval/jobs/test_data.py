from dataclasses import replace

import numpy as np
import pytest

import ld_data
from eval.jobs.data import Reference, open_data, refer
from eval.ladder import keep_rows
from ld_data.errors import IntegrityError


def make_noise_free(data):
    return replace(data, train=replace(data.train, y=data.train.y_mean))


@pytest.mark.parametrize("change", [lambda data: data, lambda data: keep_rows(data, 20), make_noise_free])
def test_a_release_is_loaded_where_it_is_needed(release, change):
    data = change(ld_data.load("fake-4"))
    sent = refer(data)
    assert isinstance(sent, Reference)
    assert sent.place == "fake-4"
    again = open_data(sent)
    for name, array in data.to_arrays().items():
        assert np.array_equal(again.to_arrays()[name], array)
    assert open_data(sent) is again


def test_a_folder_is_named_by_its_path(release, tmp_path, monkeypatch):
    folder = ld_data.load("fake-4").read_shift.args[0]
    monkeypatch.setenv("LD_DATA_CHECKPOINTS", str(tmp_path / "elsewhere"))
    assert refer(ld_data.load(folder)).place == str(folder)


def test_other_datasets_are_sent(release):
    data = ld_data.load("fake-4")
    changed = replace(data, train=replace(data.train, x=data.train.x[::-1]))
    for own in (replace(data, place=""), changed):
        assert refer(own) is own
        assert open_data(own) is own


def test_another_version_of_the_release_is_refused(release):
    sent = replace(refer(ld_data.load("fake-4")), hashes=("a", "b"))
    with pytest.raises(IntegrityError, match="fake-4 has other arrays on this worker"):
        open_data(sent)
