import json
from dataclasses import replace

import pytest

from eval.baselines.registry import score_baseline
from eval.baselines.table import measure_rows, resume_rows
from eval.kept.baselines import describe_rows, find_differences, load_rows, save_rows
from eval.kept.figures import Spread
from ld_data.errors import InputError, IntegrityError, MissingDataError
from ld_data.release.writer import make_dataset
from tests.support.fakes import FakeCodec, make_source

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows():
    data = make_dataset(make_source(300, 100), FakeCodec(), "fake", seed=0)
    return list(measure_rows(data, ["mean", "oracle", "backpropagation"], (0, 1)))


def change(row, **figures):
    return replace(row, summary=replace(row.summary, **figures))


def test_several_jobs_measure_the_same_and_seeds_count_where_they_matter(rows):
    data = make_dataset(make_source(300, 100), FakeCodec(), "fake", seed=0)
    again = list(measure_rows(data, ["mean", "oracle", "backpropagation"], (0, 1), jobs=2))
    assert [row.seeds for row in again] == [row.seeds for row in rows] == [(0,), (0,), (0, 1)]
    assert find_differences(again, rows) == []


def test_a_baseline_that_does_not_suit_the_data_is_refused_before_the_first_fit(monkeypatch):
    monkeypatch.setattr("eval.baselines.table.score_baseline", None)
    data = make_dataset(make_source(), FakeCodec(), "gauss", seed=0)
    with pytest.raises(InputError, match="the y of gauss come from the Gaussians"):
        next(measure_rows(data, ["mean", "mlp-redrawn"], (0,)))


def test_an_interrupted_table_goes_on_where_it_stopped(rows, tmp_path, monkeypatch):
    data = make_dataset(make_source(300, 100), FakeCodec(), "fake", seed=0)
    path, fitted = tmp_path / "fake.json", []

    def score(name, data, seed):
        fitted.append(name)
        if len(fitted) == 2:
            raise KeyboardInterrupt
        return score_baseline(name, data, seed)

    monkeypatch.setattr("eval.baselines.table.score_baseline", score)
    with pytest.raises(KeyboardInterrupt):
        resume_rows(path, data, ["oracle", "mean"], (0, 1))
    assert resume_rows(path, data, ["oracle", "mean"], (0, 1)) == [rows[1], rows[0]]
    assert fitted == ["oracle", "mean", "mean"]
    assert [row.name for row in load_rows(path)] == ["mean", "oracle"]
    resume_rows(path, data, ["oracle"], (2,))
    resume_rows(path, make_dataset(make_source(300, 90), FakeCodec(), "fake", seed=0), ["oracle"], (2,))
    assert fitted[3:] == ["oracle", "oracle"]
    assert [row.name for row in load_rows(path)] == ["oracle"]


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


def test_a_row_of_one_seed_has_no_spread(rows):
    assert rows[0].seeds == (0,)
    assert rows[0].summary.skill.std is None
