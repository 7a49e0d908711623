import pytest

from eval.baselines.registry import score_baseline
from eval.baselines.table import measure_rows, resume_rows
from eval.jobs.calls import Runner
from eval.kept.baselines import find_differences, load_rows
from ld_data.errors import InputError
from ld_data.release.writer import make_dataset
from ld_data.work.workers import open_workers
from tests.support.fakes import FakeCodec, make_source

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows():
    data = make_dataset(make_source(300, 100), FakeCodec(), "fake", seed=0)
    return list(measure_rows(data, ["mean", "oracle", "backpropagation"], (0, 1)))


def test_several_jobs_measure_the_same_and_seeds_count_where_they_matter(rows):
    data = make_dataset(make_source(300, 100), FakeCodec(), "fake", seed=0)
    with open_workers(2) as workers:
        found = {
            row.name: row for row in measure_rows(data, ["mean", "oracle", "backpropagation"], (0, 1), Runner(workers))
        }
    again = [found[row.name] for row in rows]
    assert [row.seeds for row in again] == [row.seeds for row in rows] == [(0,), (0,), (0, 1)]
    assert rows[0].summary.skill.std is None
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
