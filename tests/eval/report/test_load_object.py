import sys

import pytest

from eval.report.loading import load_object
from ld_data.errors import InputError, UnknownNameError


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    for name in [name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


def test_a_function_is_loaded_from_the_folder(folder):
    (folder / "learner_one.py").write_text("def fit():\n    return 42\n")
    path = sys.path.copy()
    assert load_object("learner_one:fit", folder)() == 42
    assert sys.path == path


@pytest.mark.parametrize("name", ["learner_two", "learner_two:", ":fit", "a b:fit", "learner_two:fit:more", "a..b:fit"])
def test_another_form_is_refused(folder, name):
    with pytest.raises(InputError, match="expected module:function"):
        load_object(name, folder)


def test_missing_modules_and_functions_are_named(folder):
    with pytest.raises(UnknownNameError, match=r"no module learner_three in .*: expected learner_three\.py there"):
        load_object("learner_three:fit", folder)
    with pytest.raises(UnknownNameError, match=r"no module learner_three\.part"):
        load_object("learner_three.part:fit", folder)
    (folder / "learner_four.py").write_text(
        "from json import dumps\nfit_it = lambda: 1\nclass Learner: pass\nseed = 3\n"
    )
    with pytest.raises(UnknownNameError, match=r"no fit in learner_four\. Defined there: fit_it, Learner\."):
        load_object("learner_four:fit", folder)


@pytest.mark.parametrize(
    ("source", "error"),
    [("import not_installed_anywhere", ModuleNotFoundError), ("1 / 0", ZeroDivisionError), ("def", SyntaxError)],
)
def test_an_exception_of_the_module_comes_through(folder, source, error):
    (folder / "learner_five.py").write_text(source)
    with pytest.raises(error) as caught:
        load_object("learner_five:fit", folder)
    assert not isinstance(caught.value, UnknownNameError)
