import json
from dataclasses import replace

import pytest

from eval import evaluate, summarise_seeds
from eval.kept.baselines import (
    BaselineRow,
    describe_place,
    describe_rows,
    find_differences,
    find_rows,
    load_rows,
    save_rows,
    table_path,
)
from eval.kept.figures import Spread
from ld_data.errors import IntegrityError, MissingDataError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source


@pytest.fixture(scope="module")
def data():
    return make_dataset(make_source(300, 100), FakeCodec(), "fake", seed=0)


@pytest.fixture(scope="module")
def rows(data):
    """The rows of three baselines, the last over two seeds."""
    null, oracle = 0 * data.test.y + data.train.y.mean(axis=0), data.class_mean[data.test.label]
    answers = {"mean": [null], "oracle": [oracle], "backpropagation": [oracle + 0.1, oracle + 0.2]}
    return [
        BaselineRow(name, tuple(range(len(own))), summarise_seeds(own), own[0].null, own[0].floor)
        for name, own in {name: [evaluate(answer, data) for answer in own] for name, own in answers.items()}.items()
    ]


def change(row, **figures):
    return replace(row, summary=replace(row.summary, **figures))


@pytest.fixture
def kept(rows, tmp_path, monkeypatch):
    """The path of the kept table of the release, whose skills are 0, 0.5 and 1, and one that does not compare."""
    monkeypatch.setenv("LD_DATA_CHECKPOINTS", str(tmp_path))
    mean, oracle, rule = (change(row, skill=Spread(skill, None)) for row, skill in zip(rows, (0, 1, 0.5), strict=True))
    save_rows(
        [mean, rule, replace(rule, name="ridge"), replace(mean, name="mlp-class-means"), oracle], table_path("fake")
    )
    return table_path("fake")


@pytest.mark.parametrize(
    ("skill", "place"),
    [
        (-0.1, "below mean 0.000"),
        (-0.0001, "level with mean 0.000, below backpropagation 0.500"),
        (0.4, "above mean 0.000, below backpropagation 0.500"),
        (0.4999, "level with backpropagation and ridge 0.500, below oracle 1.000"),
        (0.6, "above ridge 0.500, below oracle 1.000"),
        (1.2, "above oracle 1.000"),
    ],
)
def test_a_skill_lies_between_two_baselines(data, kept, skill, place):
    assert describe_place("fake", data.test_sha256, skill) == place


def test_a_score_prints_its_place_on_its_own_test_set_alone(data, kept):
    assert "  kept baselines           level with oracle 1.000" in str(evaluate(data.class_mean[data.test.label], data))
    other = replace(data, test=replace(data.test, y=data.test.y + 1))
    assert "kept baselines" not in str(evaluate(other.test.y, other))
    assert "kept baselines" not in str(evaluate(data.test.y, replace(data, name="../fake")))
    kept.write_text("{")
    assert "kept baselines           not read: " in str(evaluate(data.test.y, data))
    kept.unlink()
    assert "kept baselines" not in str(evaluate(data.test.y, data))


def test_kept_rows_are_those_of_the_test_set(data, kept):
    assert [row.name for row in find_rows("fake", data.test_sha256, only=["ridge", "mean"])] == ["mean", "ridge"]
    with pytest.raises(MissingDataError, match=r"have no linear, mlp\. They have: mean, backpropagation, ridge"):
        find_rows("fake", data.test_sha256, only=["mlp", "mean", "linear"])
    with pytest.raises(MissingDataError, match=r"of another version of fake.*measures them anew"):
        find_rows("fake", "0")


def test_rows_are_read_as_they_were_written(rows, tmp_path):
    save_rows(rows, tmp_path / "new" / "fake.json")
    assert load_rows(tmp_path / "new" / "fake.json") == rows
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["fake.json"]


def test_the_table_goes_from_the_worst_to_the_best_and_the_scale(rows):
    lines = describe_rows(rows).splitlines()
    assert lines[0].split()[:2] == ["baseline", "skill"]
    assert [line.split()[0] for line in lines[1:]] == ["mean", "backpropagation", "oracle", "null"]
    assert "+-" in lines[2]
    assert "+-" not in lines[3]
    assert lines[-1].endswith("over 2 seeds")


def test_the_same_rows_do_not_differ(rows):
    assert find_differences(rows, rows) == []


def test_a_figure_beyond_its_spread_is_reported_and_one_within_is_not(rows):
    row = rows[2]
    spread = row.summary.skill.std
    near = change(row, skill=Spread(row.summary.skill.mean + 0.9 * spread, spread))
    far = change(row, skill=Spread(row.summary.skill.mean + spread + 0.01, spread))
    assert find_differences([near], rows) == []
    (sentence,) = find_differences([far], rows)
    assert sentence.startswith("backpropagation: skill is")


def test_other_data_and_unknown_rows_are_reported(rows):
    assert "another version of fake" in find_differences([change(rows[0], data_sha256="0")], rows)[0]
    assert find_differences(rows[:1], rows[1:]) == ["mean is not in the committed table."]


def test_a_row_of_other_seeds_is_reported_without_its_figures(rows):
    one = replace(change(rows[2], skill=Spread(9.0, None)), seeds=(0,))
    (sentence,) = find_differences([one], rows)
    assert sentence == "backpropagation was measured with the seeds 0; expected the committed 0, 1."


def test_a_missing_or_damaged_table_is_refused(rows, tmp_path):
    with pytest.raises(MissingDataError, match="--all --out"):
        load_rows(tmp_path / "none.json")
    save_rows(rows, tmp_path / "t.json")
    values = json.loads((tmp_path / "t.json").read_text())
    for damaged in ("{", "[1]", json.dumps([{"name": "mean"}]), json.dumps([values[0] | {"name": "none"}])):
        (tmp_path / "t.json").write_text(damaged)
        with pytest.raises(IntegrityError, match="no figures of baselines"):
            load_rows(tmp_path / "t.json")
