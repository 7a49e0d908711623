from pathlib import Path

import numpy as np
import pytest

from eval.report.loading import Rule, find_plan, hide_rows, load_object, make_network
from eval.rules.backpropagation import Backpropagation
from eval.rules.network import Network, RulePlan
from ld_data.errors import InputError, UnknownNameError


def test_a_built_in_rule_is_found_by_its_name():
    assert Rule("backpropagation", Path()).load() is Backpropagation
    with pytest.raises(UnknownNameError, match=r"no learning rule 'hebb'. Known: backpropagation, .*my_rule.py:MyRule"):
        Rule("hebb", Path()).load()


def test_a_file_in_another_folder_is_found_by_its_path(own_rule):
    found = load_object(f"{own_rule.folder.name}/delta_rule.py:Delta", own_rule.folder.parent)
    assert found.__name__ == "Delta"
    assert own_rule.load() is found
    assert Rule("delta_rule:fit", own_rule.folder).load().__name__ == "fit"


def test_a_file_never_stands_for_another_one_of_its_name(tmp_path):
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "twin_rule.py").write_text(f"def fit(x, y, seed):\n    return '{folder}'")
    assert load_object("first/twin_rule.py:fit", tmp_path)(0, 0, 0) == "first"
    assert Rule("twin_rule:fit", tmp_path / "first").load()(0, 0, 0) == "first"
    for name, folder in (("second/twin_rule.py:fit", tmp_path), ("twin_rule:fit", tmp_path / "second")):
        with pytest.raises(InputError, match=r"second/twin_rule.py has the name of .*first/twin_rule.py. Rename"):
            load_object(name, folder)
    (tmp_path / "tqdm.py").write_text("fit = 1")
    with pytest.raises(InputError, match=r"tqdm.py has the name of a module that is loaded already, .*tqdm/__init__"):
        load_object("tqdm.py:fit", tmp_path)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "from eval.rules import Network\nclass A(Network): pass",
            "the class .*:A has no `suggest` of its own",
        ),
        ("class A:\n    suggest = print", "the class .*:A has no `predict`; expected"),
        ("A = 3", ":A is of type int; expected a class with `suggest`"),
        ("class A:\n    suggest = predict = print\n    plan = 7", "`plan` of .*:A must be an eval.rules.RulePlan"),
        ("1 / 0", r"the file of .*:A does not import: ZeroDivisionError: division by zero \(rule_.*py, line 1\)"),
        ("def (", "does not import: SyntaxError: invalid syntax"),
        ("import not_installed_anywhere", "does not import: ModuleNotFoundError"),
    ],
)
def test_other_files_are_refused_in_a_sentence(source, words, tmp_path):
    name = f"rule_{abs(hash(source))}.py"
    (tmp_path / name).write_text(source)
    with pytest.raises(InputError, match=words):
        Rule(f"{name}:A", tmp_path).load()


def test_a_network_is_made_from_sizes_alone_and_never_sees_rows(data):
    class Plain:
        def __init__(self, sizes, random):
            self.sizes, self.weights = sizes, [np.zeros((1, 1))]

    assert make_network("plain", Plain, data, RulePlan(units=(3,)), 0).sizes == [4, 3, 4]
    assert find_plan(Plain) == RulePlan()
    bare = hide_rows(data)
    assert (len(bare.train), len(bare.test), bare.manifest, bare.shifts) == (0, 0, None, ())
    assert np.array_equal(bare.classify(data.test.y), data.classify(data.test.y))


def test_a_constructor_that_fails_is_named(data):
    class Wrong(Network):
        def __init__(self, sizes, random):
            self.weights = sizes[99]

    with pytest.raises(InputError, match=r"wrong cannot be made with hidden layers of \(8,\): IndexError: .*line \d+"):
        make_network("wrong", Wrong, data, RulePlan(units=(8,)), 0)
    Wrong.__init__ = lambda self, sizes, random: None
    with pytest.raises(InputError, match="wrong must have `weights`, a list of arrays, once it is made; received None"):
        make_network("wrong", Wrong, data, RulePlan(units=(8,)), 0)
