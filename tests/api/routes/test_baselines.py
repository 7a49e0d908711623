import json

import numpy as np
import pytest

from api.leaderboard.answers import ScoreList
from api.releases.operations import make_prediction
from api.routes.baselines import BaselineList
from eval import evaluate, summarise_seeds
from eval.kept.baselines import BaselineRow, save_rows, table_path
from eval.kept.ladders import climbs_path
from eval.kept.models import models_folder
from tests.support.service import assert_error, read_npy
from tests.support.submissions import assert_documented

ROUTE = "/v1/datasets/fake-4/baselines"


@pytest.fixture
def kept(catalogue):
    """The path of the release's table, which holds two baselines."""
    found = catalogue.find("fake-4")
    path, oracle = table_path("fake-4", found.checkpoints), found.data.class_mean[found.data.test.label]
    scores = {
        "mean": [evaluate(0 * oracle, found.data)],
        "oracle": [evaluate(oracle + e, found.data) for e in (0, 0.1)],
    }
    rows = [
        BaselineRow(name, tuple(range(len(own))), summarise_seeds(own), own[0].null, own[0].floor)
        for name, own in scores.items()
    ]
    save_rows(rows, path)
    return path


def test_the_best_baseline_comes_first(client, catalogue, kept):
    found = client.get(ROUTE).json()
    assert (found["release"], found["data_sha256"]) == ("fake-4", catalogue.find("fake-4").data.test_sha256)
    assert found["floor"] < found["null"]
    oracle, mean = found["baselines"]
    assert (oracle["name"], oracle["seeds"], mean["name"], mean["seeds"]) == ("oracle", [0, 1], "mean", [0])
    assert oracle["noise_free_mse"]["mean"] < mean["noise_free_mse"]["mean"]
    assert oracle["skill"]["std"] > 0
    assert mean["skill"]["std"] is None


def test_the_list_has_a_validator_and_answers_head(client, kept):
    answer = client.get(ROUTE)
    head = client.head(ROUTE)
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", answer.headers["ETag"])
    again = client.get(ROUTE, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    kept.write_text(kept.read_text().replace('"mean"', '"linear"', 1))
    assert client.get(ROUTE, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200
    refused = client.get(ROUTE, headers={"If-Match": answer.headers["ETag"]})
    assert_error(refused, 412, "precondition_failed", "the list of baselines is not the one that If-Match")


def test_figures_of_another_version_are_not_served(client, kept):
    rows = json.loads(kept.read_text())
    kept.write_text(json.dumps([row | {"summary": row["summary"] | {"data_sha256": "0"}} for row in rows]))
    assert_error(client.get(ROUTE), 404, "unknown_name", "fake-4 has no kept baselines of version")
    kept.unlink()
    assert_error(client.get(ROUTE), 404, "unknown_name", "fake-4 has no kept baselines of version")


def test_a_damaged_table_is_not_ready_and_names_no_path(client, kept, caplog):
    kept.write_text("{")
    assert_error(client.get(ROUTE), 503, "not_ready", "the baselines of fake-4 cannot be read; the operator")
    assert_error(client.get(ROUTE), 503, "not_ready", "the baselines of fake-4 cannot be read")
    assert caplog.text.count(str(kept)) == 1  # until the file changes


def test_the_table_is_read_once_until_it_changes(client, kept, monkeypatch):
    etag = client.get(ROUTE).headers["ETag"]
    with monkeypatch.context() as patch:
        patch.setattr("api.leaderboard.references.find_rows", None)
        assert client.get(ROUTE).headers["ETag"] == etag
    kept.write_text(kept.read_text().replace('"mean"', '"linear"', 1))
    assert client.get(ROUTE).headers["ETag"] != etag


def test_the_board_has_them_as_rows_without_a_rank(client, kept):
    board = client.get("/v1/datasets/fake-4/scores").json()
    assert_documented(ScoreList, board)
    oracle, mean = board["baselines"]
    assert (oracle["name"], oracle["seeds"], mean["name"]) == ("oracle", 2, "mean")
    assert "rank" not in oracle
    assert set(oracle["intervals"].values()) == {None}  # two seeds do not show how much the seed matters
    rows = json.loads(kept.read_text())
    rows[0]["name"] = "mlp-class-means"
    kept.write_text(json.dumps(rows))
    assert [row["name"] for row in client.get("/v1/datasets/fake-4/scores").json()["baselines"]] == ["oracle"]


def test_a_board_needs_no_baselines(client, kept):
    kept.write_text("{")
    assert client.get("/v1/datasets/fake-4/scores").json()["baselines"] == []


def test_rules_have_needs_and_what_is_kept_of_cost_and_ladder(client, catalogue, kept, caplog):
    rows = json.loads(kept.read_text())
    rows[0]["name"] = "feedback-alignment"
    kept.write_text(json.dumps(rows))
    found = catalogue.find("fake-4")
    path = climbs_path("fake-4", found.checkpoints)
    path.parent.mkdir()
    rung = {"task": "identity", "ability": "copy the input", "skill": 0.9, "word": "partly"}
    climb = {"model": "oracle", "data_sha256": found.data.test_sha256, "rows": 60, "rungs": [rung]}
    path.write_text(json.dumps([climb]))
    answer = client.get(ROUTE).json()
    assert_documented(BaselineList, answer)
    oracle, rule = answer["baselines"]
    assert oracle["ladder"] == {"rows": 60, "steps": [rung]}
    assert oracle["rule"] is rule["ladder"] is None
    assert (rule["rule"]["weight_transport"], rule["rule"]["cpu_seconds"], rule["aided"]) == ("none", None, False)
    path.write_text("{")
    assert client.get(ROUTE).json()["baselines"][0]["ladder"] is None  # the page works without
    assert "the ladders of fake-4 are not served" in caplog.text


def test_a_kept_model_predicts_y_and_the_shares_of_the_classes(client, catalogue, kept):
    found = catalogue.find("fake-4")
    means = found.data.class_mean
    found.__dict__["predictions"] = {"double": make_prediction(found.codec, lambda x: 2 * x)}  # of a kept model
    assert client.get(ROUTE).json()["models"] == ["double"]
    x = [(0.5 * means[1]).tolist(), (0.25 * (means[0] + means[2])).tolist()]
    answer = client.post(f"{ROUTE}/double/predict", json={"vectors": x})
    assert np.allclose(answer.json()["vectors"], 2 * np.array(x))
    assert np.allclose(answer.json()["shares"], [[0, 1, 0], [0.5, 0, 0.5]], atol=1e-5)
    assert answer.json()["labels"][0] == 1
    rows = client.post(f"{ROUTE}/double/predict", json={"vectors": x}, headers={"Accept": "application/x-npy"})
    assert np.allclose(read_npy(rows), 2 * np.array(x))
    assert_error(client.post(f"{ROUTE}/double/predict", json={"vectors": [[1.0]]}), 422, "invalid_input", "(n, 4)")
    missing = client.post(f"{ROUTE}/mlp/predict", json={"vectors": x})
    assert_error(missing, 404, "unknown_name", "fake-4 has no model 'mlp' that predicts y. It has: double.")


def test_a_damaged_model_is_not_served(client, catalogue, kept, caplog):
    path = models_folder("fake-4", catalogue.find("fake-4").checkpoints) / "mlp.onnx"
    path.parent.mkdir()
    path.write_bytes(b"no model")
    assert client.get(ROUTE).json()["models"] == []
    assert "the models of fake-4 are not served" in caplog.text
