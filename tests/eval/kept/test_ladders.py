import json

import pytest

from eval.kept.ladders import climbs_path, find_climbs
from ld_data.errors import IntegrityError

RUNG = {"task": "identity", "ability": "copy the input", "skill": 1.0, "word": "learned", "mse": 0.0}
CLIMB = {"release": "fake-4", "data_sha256": "abc", "model": "linear", "seed": 0, "rows": 60, "rungs": [RUNG]}


def test_climbs_of_this_version_are_found(tmp_path):
    assert find_climbs("fake-4", "abc", tmp_path) == {}
    path = climbs_path("fake-4", tmp_path)
    path.parent.mkdir()
    path.write_text(json.dumps([CLIMB, CLIMB | {"model": "mlp", "data_sha256": "other"}]))
    (climb,) = find_climbs("fake-4", "abc", tmp_path).values()
    assert (climb.model, climb.rows, climb.steps[0].ability) == ("linear", 60, "copy the input")


@pytest.mark.parametrize("values", [{}, [{}], [CLIMB | {"rungs": [RUNG | {"skill": "high"}]}]])
def test_damaged_climbs_are_refused(values, tmp_path):
    path = climbs_path("fake-4", tmp_path)
    path.parent.mkdir()
    path.write_text(json.dumps(values))
    with pytest.raises(IntegrityError, match="no climbs of a ladder"):
        find_climbs("fake-4", "abc", tmp_path)
