from pathlib import Path

import pytest

from ld_data import settings
from ld_data.errors import StorageError
from ld_data.settings import cache_folder, checkpoints_folder, data_home, is_offline, service_address
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in [value for name, value in vars(settings).items() if name.endswith("_VARIABLE")] + ["XDG_CACHE_HOME"]:
        monkeypatch.delenv(name, raising=False)


def test_variables_move_the_folders(tmp_path, monkeypatch):
    for name, find in (("HOME", data_home), ("CACHE", cache_folder), ("CHECKPOINTS", checkpoints_folder)):
        monkeypatch.setenv(f"LD_DATA_{name}", str(tmp_path / name))
        assert find() == tmp_path / name


def test_without_variables_the_usual_places_are_used(monkeypatch):
    assert data_home() is None
    assert cache_folder() == Path("~/.cache/ld-data").expanduser()
    assert checkpoints_folder() == ROOT / "checkpoints"
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    assert cache_folder() == Path("/c/ld-data")


def test_without_a_home_the_error_names_the_variable_that_helps(no_home, monkeypatch):
    with pytest.raises(StorageError, match=r"~/\.cache lies in a home folder.* LD_DATA_CACHE\.$"):
        cache_folder()
    monkeypatch.setenv("LD_DATA_HOME", "~/data")
    with pytest.raises(StorageError, match=r"LD_DATA_HOME\.$"):
        data_home()
    assert checkpoints_folder() == ROOT / "checkpoints"


def test_the_service_is_that_of_the_variable_or_else_this_machines(monkeypatch):
    assert service_address() == "http://127.0.0.1:8000"
    for value, expected in (("http://a.b:1", "http://a.b:1"), ("", "http://127.0.0.1:8000")):
        monkeypatch.setenv("LD_DATA_SERVICE", value)
        assert service_address() == expected


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_offline_is_any_value_but_empty_and_0(value, expected, monkeypatch):
    assert not is_offline()
    monkeypatch.setenv("LD_DATA_OFFLINE", value)
    assert is_offline() is expected
