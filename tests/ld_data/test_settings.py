from pathlib import Path

import pytest

from ld_data.settings import cache_folder, checkpoints_folder, data_home, is_offline, service_address
from tests.support.paths import ROOT


def test_variables_move_the_folders(tmp_path):
    assert data_home({"LD_DATA_HOME": str(tmp_path)}) == tmp_path
    assert cache_folder({"LD_DATA_CACHE": str(tmp_path)}) == tmp_path
    assert checkpoints_folder({"LD_DATA_CHECKPOINTS": str(tmp_path)}) == tmp_path


def test_without_variables_the_usual_places_are_used():
    assert data_home({}) is None
    assert cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/ld-data")
    assert cache_folder({}) == Path("~/.cache/ld-data").expanduser()
    assert checkpoints_folder({}) == ROOT / "checkpoints"


def test_the_service_is_that_of_the_variable_or_else_this_machines():
    assert service_address({"LD_DATA_SERVICE": "http://a.b:1"}) == "http://a.b:1"
    assert service_address({"LD_DATA_SERVICE": ""}) == service_address({}) == "http://127.0.0.1:8000"


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_offline_is_any_value_but_empty_and_0(value, expected):
    assert is_offline({"LD_DATA_OFFLINE": value}) is expected
