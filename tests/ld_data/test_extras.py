import importlib
import sys
import tomllib
from importlib.metadata import PackageNotFoundError

import pytest

from ld_data.cli.program import run_command
from ld_data.errors import MissingLibraryError
from ld_data.extras import EXTRAS, check_libraries, explain_missing, name_missing
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn", "pydantic": "fastapi"}


def is_brought(library, extra):
    names = [DISTRIBUTIONS.get(library, library).replace("_", "-")]
    return any(line.startswith(tuple(names)) for line in PROJECT["optional-dependencies"][extra])


@pytest.mark.parametrize("library", EXTRAS)
def test_each_library_is_brought_by_its_extra(library):
    assert is_brought(library, EXTRAS[library])


def test_a_missing_library_is_named_with_what_brings_it():
    with pytest.raises(MissingLibraryError, match=r"needs onnxruntime.*\.\[codec\]") as caught, name_missing():
        raise ModuleNotFoundError("No module named 'onnxruntime.capi'", name="onnxruntime.capi")
    assert caught.value.name == "onnxruntime.capi"


@pytest.mark.parametrize(
    ("module", "library", "remedy"),
    [
        ("ld_data.mnist1d.tensorflow", "tensorflow", r"\.\[train\]"),
        ("ld_data.mnist1d.torch", "torch", "pip install torch"),
    ],
)
def test_modules_that_users_import_for_a_library_name_it_where_it_is_missing(monkeypatch, module, library, remedy):
    monkeypatch.delitem(sys.modules, module, raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError, match=f"needs {library}.*{remedy}"):
        importlib.import_module(module)


def test_a_library_that_no_extra_brings_is_named_too():
    error = explain_missing(ModuleNotFoundError(name="torch"))
    assert "pip install torch" in str(error)


def test_libraries_are_looked_for_and_not_imported(monkeypatch):
    monkeypatch.setattr("ld_data.extras.find_spec", lambda library: None if library == "keras" else "a place")
    check_libraries("numpy", "not_imported")
    with pytest.raises(MissingLibraryError, match=r"this needs keras.*\.\[train\]"):
        check_libraries("numpy", "keras")


class Installed:
    def __init__(self, origin):
        self.origin = origin

    def read_text(self, name):
        return self.origin if name == "direct_url.json" else None


@pytest.mark.parametrize(
    ("origin", "remedy"),
    [
        ('{"url": "file:///home/me/ld%20data", "dir_info": {"editable": true}}', '-e ".[plots]"` in /home/me/ld data.'),
        ('{"url": "file:///home/me/ld-data", "dir_info": {}}', 'install ".[plots]"` in the folder of LD-Data.'),
        ('{"url": "file:///a/ld_data.whl", "archive_info": {}}', 'install ".[plots]"` in the folder of LD-Data.'),
        (None, 'install ".[plots]"` in the folder of LD-Data.'),
    ],
)
def test_the_remedy_keeps_an_editable_installation_editable(monkeypatch, origin, remedy):
    """A plain installation in its place would be a copy without the releases of the checkout."""
    monkeypatch.setattr("ld_data.extras.distribution", lambda name: Installed(origin))
    assert remedy in str(explain_missing(ModuleNotFoundError(name="matplotlib")))


def test_a_checkout_that_is_not_installed_has_a_remedy_too(monkeypatch):
    def fail(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("ld_data.extras.distribution", fail)
    assert '`pip install ".[plots]"` in' in str(explain_missing(ModuleNotFoundError(name="matplotlib")))


def test_a_module_of_somebody_else_is_not_explained():
    with pytest.raises(ModuleNotFoundError, match="unknown") as caught, name_missing():
        raise ModuleNotFoundError("unknown", name="unknown")
    assert not isinstance(caught.value, MissingLibraryError)


def test_a_command_ends_with_the_explanation(capsys):
    def command():
        raise ModuleNotFoundError("No module named 'keras'", name="keras")

    assert run_command(command) == 1
    assert "pip install" in capsys.readouterr().err
