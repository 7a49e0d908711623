"""The command as users run it, on real schedulers, with shards of few rows."""

import math
from dataclasses import asdict, replace

import pytest

import ld_data.__main__ as data_main
from ld_data.errors import IntegrityError
from ld_data.shards.benchmark import costs, table
from ld_data.shards.benchmark.costs import Costs, Sizes
from ld_data.shards.benchmark.kills import Toll
from ld_data.shards.benchmark.ways import make
from ld_data.shards.folders import open_folder
from ld_data.shards.inputs import plan_signals
from ld_data.shards.plan import write_plan
from ld_data.shards.records import find_record
from ld_data.work.workers import HERE
from tests.support.command_lines import run, run_json
from tests.support.shards import load_codec, make_folder, make_plan

pytestmark = pytest.mark.slow

TINY = Sizes(shards=6, turns=2, tasks=5, records=20)
FIGURES = Costs(1000, 64, 16, 30.0, 1.05, 1.1, 1.0, 1.9, 2.0, 3.0, 4.0, 1500.0, 1.0, 12.0, 260.0, 500.0, 1000, 0.5)


@pytest.mark.usefixtures("release")
def test_the_costs_of_shards(monkeypatch, tmp_path):
    plan, told = make_plan(tmp_path), []

    def make_in_shells(folder):
        return make(folder, range(2, 4), load_codec, HERE)

    monkeypatch.setattr(costs, "plan_signals", lambda *_, **__: plan)
    monkeypatch.setattr(costs, "_run_shells", make_in_shells)
    monkeypatch.setattr(costs, "AGAIN", 20)
    found = costs.measure_costs(tmp_path, load_codec, TINY, told.append)
    assert found.equal == 1 + 1 + 2 + 2
    assert 30 < found.row_bytes < 1000
    assert all(math.isfinite(value) for value in asdict(found).values())
    assert found.loop > 0
    assert told == ["one worker, two, and processes, in turns", "two workers", "two shells", "verification", "resuming"]


def test_two_shells_make_shards(monkeypatch, tmp_path):
    plan = plan_signals("shells", "ld-mnist1d-32", 20, 0, rows_per_shard=5)
    write_plan(tmp_path, plan)
    assert [record.number for record in costs._run_shells(tmp_path)] == [2, 3]
    monkeypatch.setattr(costs, "SHELL_SHARDS", 1)
    with pytest.raises(IntegrityError, match="failed"):
        costs._run_shells(tmp_path / "none")


def test_kills(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("ld_data.shards.benchmark.kills.SHARDS", 20)
    monkeypatch.setattr("ld_data.shards.benchmark.kills.START_SHARE", 1.0)  # for few shards
    toll = run_json(capsys, data_main.main, "benchmark", "shards", "--kills", 1, "--folder", tmp_path)
    assert sum(toll["kills"].values()) == 1
    assert (toll["lost"], toll["doubled"], toll["leftovers"], toll["other_roots"]) == (0, 0, 0, 0)


def test_a_release_that_kills_damage_fails(capsys, monkeypatch):
    monkeypatch.setattr("ld_data.commands.benchmark.survive_kills", lambda *_: Toll(rounds=1, shards=20, lost=3))
    assert run(data_main.main, "benchmark", "shards", "--kills", 1) == 1
    shown = capsys.readouterr()
    assert "20 shards of 1 releases: 3 lost, 0 made twice" in shown.out
    assert "kills damaged a release" in shown.err


@pytest.mark.usefixtures("release")
def test_shards_that_differ_are_told(tmp_path):
    folder, plan = make_folder(tmp_path)
    records = [find_record(open_folder(folder), plan, number) for number in range(2)]
    costs._compare(folder, records)
    with pytest.raises(IntegrityError, match="shard 1 differs between two ways"):
        costs._compare(folder, [replace(records[1], file=records[0].file)])


def test_the_tables_follow_from_the_costs():
    text = table.describe_costs(FIGURES)
    assert "1.10" in text
    scale = table.list_scale(FIGURES, 10**9)
    assert scale["hours of a core"] == "9"
    assert scale["shards"] == "1,000,000"
    assert scale["groups of records"] == "245"
    assert scale["on disk"] == "0.26 TB"
    assert scale["through the scheduler"] == "1,500 MB"
    assert scale["seconds to resume"] == "500.0"


@pytest.mark.parametrize("option", [("--quick",), ("--kills", 1), ("--folder", ".")])
def test_options_of_shards_alone_are_refused_elsewhere(option, capsys):
    assert run(data_main.main, "benchmark", "mnist1d", *option) == 1
    assert "belong to `benchmark shards`" in capsys.readouterr().err
