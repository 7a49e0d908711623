import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ld_data.errors import InputError, IntegrityError
from ld_data.release.report import make_report
from tests.support.fakes import make_source
from vae import readability
from vae.readability import describe_rows, draw_rows, load_rows, measure_levels
from vae.recipes import find_recipe
from vae.release import BuiltRelease

pytestmark = pytest.mark.slow  # it imports Keras


@pytest.fixture
def builds(monkeypatch):
    """The readabilities of the builds, which train nothing: the skill of ridge is a thousandth of it."""
    built = []

    def build_release(source, recipe, judge, learners, *, checkpoints):
        level = recipe.x.class_loss
        built.append(level)
        groups = {"skill": {"ridge": level / 1000}, "probes": {"linear_probe": 0.5}, "x_test": {"c2st_mlp": 0.6}}
        return BuiltRelease(checkpoints / "ld", make_report(groups, {}, recipe.goals))

    monkeypatch.setattr("vae.readability.build_release", build_release)
    return built


def measure(levels, path=None, source=None, judge=None):
    source = source or make_source()
    return measure_levels(source, find_recipe("images", source), judge, None, levels, path)


def test_each_readability_is_built_and_its_measures_are_kept(builds, tmp_path):
    rows = measure((0, 30), tmp_path / "rows.json")
    assert builds == [0, 30]
    assert [row.measures for row in rows] == [
        {"linear_probe": 0.5, "ridge": 0.0, "c2st_mlp_test": 0.6},
        {"linear_probe": 0.5, "ridge": 0.03, "c2st_mlp_test": 0.6},
    ]
    assert [row.x["class_loss"] for row in rows] == [0, 30]
    assert [json.dumps(row.x) for row in load_rows(tmp_path / "rows.json")] == [json.dumps(row.x) for row in rows]
    heads, *lines = describe_rows(rows).splitlines()
    assert heads.split() == ["readability", "linear_probe", "ridge", "c2st_mlp_test"]
    assert [line.split() for line in lines] == [
        ["0", "0.5000", "0.0000", "0.6000"],
        ["30", "0.5000", "0.0300", "0.6000"],
    ]
    names = [[line.get_label() for line in axes.get_lines()] for axes in draw_rows(rows, "fake").axes]
    assert names == [["linear_probe"], ["ridge"], ["c2st_mlp_test"], [], []]


def test_settings_in_which_builds_differ_have_columns(builds):
    recipe = find_recipe("images", make_source())
    wider = replace(recipe, x=replace(recipe.x, class_units=(8, 4)))
    rows = [*measure((0,)), *measure_levels(make_source(), wider, None, None, (30,))]
    heads, *lines = describe_rows(rows).splitlines()
    assert heads.split()[:2] == ["readability", "class_units"]
    assert [line.split()[:2] for line in lines] == [["0", "-"], ["30", "8-4"]]


def test_known_builds_are_not_repeated_and_none_is_lost(builds, tmp_path):
    path = tmp_path / "rows.json"
    first = measure((0, 30), path)
    assert measure((10, 0), path)[1].measures == first[0].measures
    assert builds == [0, 30, 10]
    measure((0,), path, replace(make_source(), name="other", label_test=make_source().label_test[::-1]))
    assert builds == [0, 30, 10, 0]
    assert [row.readability for row in load_rows(path)] == [0, 30, 10, 0]


def test_rows_that_another_process_adds_during_a_build_stay(builds, tmp_path, monkeypatch):
    path, build = tmp_path / "rows.json", readability.build_release

    def build_beside_another(*arguments, **options):
        with monkeypatch.context() as other:
            other.setattr(readability, "build_release", build)
            measure((30,), path)
        return build(*arguments, **options)

    monkeypatch.setattr(readability, "build_release", build_beside_another)
    measure((10,), path)
    assert [row.readability for row in load_rows(path)] == [30, 10]


def test_builds_are_repeated_for_another_judge(builds, tmp_path):
    for judge in (None, SimpleNamespace(sha256="1" * 64), SimpleNamespace(sha256="2" * 64)):
        for _ in range(2):
            measure((0,), tmp_path / "rows.json", judge=judge)
    assert builds == [0, 0, 0]


def test_a_readability_out_of_range_is_refused_before_the_first_build(builds):
    with pytest.raises(InputError, match="readability must be from 0 to 1000; received 2000"):
        measure((0, 2000))
    assert builds == []


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "rows.json"
    assert load_rows(path) == []
    path.write_text('[{"readability": 1}]')
    with pytest.raises(IntegrityError, match=r"holds no rows of `python -m vae readability`.*Name another file"):
        load_rows(path)
