import json
from dataclasses import replace

import numpy as np
import pytest

from ld_data.errors import InputError, IntegrityError
from ld_data.shards.plan import ShardPlan, check_models, read_plan, write_plan

PLAN = ShardPlan("big", "ld-mnist1d-32", {"cells.npz": "0" * 64}, 7, 1000, 300, signals={"seed": 7})


def test_the_id_is_that_of_the_plan_as_canonical_json(tmp_path):
    write_plan(tmp_path, PLAN)
    assert PLAN.id == "5d2c414a4afbd135b07f916e0698e0ccf2e5143cdbab3017fb21096cf774af79"
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))  # another form of the same
    assert read_plan(tmp_path) == PLAN
    assert replace(PLAN, seed=8).id != PLAN.id


def test_integers_of_numpy_make_the_same_plan():
    assert replace(PLAN, seed=np.int64(7), rows=np.uint16(1000), rows_per_shard=np.int32(300)).id == PLAN.id


def test_shards_hold_successive_rows_and_the_last_one_the_rest():
    assert PLAN.shards == 4
    assert [PLAN.find_rows(number) for number in (0, 3)] == [range(300), range(900, 1000)]
    assert PLAN.find_shards(299, 301) == range(2)
    assert PLAN.find_shards(300, 600) == range(1, 2)
    assert not PLAN.find_shards(5, 5)


def test_a_folder_keeps_its_plan(tmp_path):
    write_plan(tmp_path, PLAN)
    write_plan(tmp_path, PLAN)
    with pytest.raises(InputError, match="holds another plan, of 1000 rows"):
        write_plan(tmp_path, replace(PLAN, rows=1001))
    assert read_plan(tmp_path) == PLAN
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_a_folder_without_a_plan_is_named(tmp_path):
    with pytest.raises(InputError, match=r"holds no plan\.json"):
        read_plan(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0},
        {"rows_per_shard": 0},
        {"name": "A b"},
        {"signals": {}},
        {"models": 1},
        {"extra": 1},
        {"seed": -1},
        {"signals": {"sede": 1}},
        {"rows_per_shard": 2**40},
    ],
)
def test_other_plans_are_refused(tmp_path, change):
    (tmp_path / "plan.json").write_text(json.dumps({**PLAN.to_values(), **change}))
    with pytest.raises(IntegrityError, match="not a plan of this format"):
        read_plan(tmp_path)


def test_models_of_another_version_are_refused(release):
    with pytest.raises(IntegrityError, match="are not those of the plan of big"):
        check_models(replace(PLAN, release="fake-4"))
