"""The routes of the leaderboard: submitting, refusing, listing, removing and proving."""

import csv
import io
import json
import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import pytest

import ld_data
from api.leaderboard.answers import AcceptedScore, Removal, ScoreEntry, ScoreList
from eval.leaderboard.receipts import NO_RECEIPT, verify_log
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens
from ld_data.storage.arrays import write_npy
from tests.support.service import NPY, assert_error
from tests.support.submissions import (
    LOG,
    REMOVE,
    SCORES,
    SUBMIT,
    assert_documented,
    list_names,
    make_client,
    make_predictions,
    post,
)


@pytest.fixture
def client(catalogue, store):
    return make_client(catalogue, store)


@pytest.fixture
def guarded(catalogue, store):
    """A service that requires tokens."""
    return make_client(catalogue, store, tokens=Tokens("in", "out"))


def set_ceiling(catalogue, accuracy):
    found = catalogue.find("fake-4")
    manifest = replace(found.manifest, health={"probes": {"mlp_probe": {"value": accuracy}}})
    catalogue._ready["fake-4"] = replace(found, data=replace(found.data, manifest=manifest))


class TestSubmitting:
    def test_the_answer_holds_the_entry_and_its_receipt(self, client):
        facts = {"parameters": 12, "seconds": 0.5, "learning_rule": "Hebb"}
        body = post(client, name="<b>mine</b>", url="https://a.b", description="words", **facts).json()
        assert body["status"] == "ranked"
        assert body["receipt"]["number"] == body["id"] == 1
        assert body["receipt"]["submission"] == {
            "name": "<b>mine</b>",
            "url": "https://a.b",
            "description": "words",
            **facts,
        }
        assert body["receipt_sha256"] == client.get(SCORES).json()["head"]
        (listed,) = client.get(SCORES).json()["scores"]
        assert_documented(AcceptedScore, body)
        assert_documented(ScoreEntry, listed)
        assert_documented(ScoreList, client.get(SCORES).json())
        assert listed == {name: value for name, value in body.items() if name not in {"receipt", "owner_secret"}}

    def test_the_answer_holds_the_rank_and_none_for_a_suspect(self, client, catalogue):
        assert [post(client, make_predictions(share)).json()["rank"] for share in (0.2, 0.1, 0.3)] == [1, 1, 3]
        set_ceiling(catalogue, 0.5)
        suspect = post(client, make_predictions(0.05)).json()
        assert (suspect["status"], suspect["rank"]) == ("suspect", None)

    def test_a_copy_of_y_and_a_blend_with_it_are_refused(self, client):
        y = ld_data.load("fake-4").test.y
        assert_error(post(client, y), 422, "leak", "below the floor")
        assert_error(post(client, 0.5 * y + 0.5 * make_predictions(0.1)), 422, "leak")
        assert client.get(LOG).content == b""

    @pytest.mark.slow
    def test_the_private_redraw_is_that_of_the_secret_seed(self, client, catalogue, store):
        found = catalogue.find("fake-4")
        private_y = found.codec.y.encode(found.data.test.label, seed=store.private_seed)
        assert not np.allclose(private_y, found.data.test.y)
        assert_error(post(client, private_y), 422, "leak")
        errors = np.square(make_predictions() - private_y).mean(axis=1)
        assert post(client).json()["private"]["mse"] == pytest.approx(errors.mean(), abs=0.005)

    def test_class_means_by_true_label_with_noise_are_suspect(self, client, catalogue):
        set_ceiling(catalogue, 0.5)
        assert post(client, name="cheat").json()["status"] == "suspect"
        assert list_names(client) == ([], ["cheat"])

    @pytest.mark.slow
    def test_known_predictions_are_a_duplicate_in_any_form(self, client):
        predictions = make_predictions()
        assert post(client, predictions, name="first").status_code == 201
        for form in (predictions, predictions.astype(">f4"), predictions.astype("<f8"), np.asfortranarray(predictions)):
            assert_error(post(client, form, name="second"), 409, "duplicate", "entry 1 already")
        body = {"predictions": predictions.astype(np.float64).tolist()}
        assert_error(client.post(f"{SCORES}?name=a", json=body), 409, "duplicate")
        assert list_names(client) == (["first"], [])

    def test_real_numbers_of_any_type_are_taken(self, client):
        for seed, dtype in enumerate(("<f8", ">f4", ">f8", "<f2", "<i8")):
            assert post(client, make_predictions(seed=seed).astype(dtype)).status_code == 201, dtype

    def test_a_full_leaderboard_is_507(self, catalogue, tmp_path):
        client = make_client(catalogue, Store(tmp_path / "small.sqlite", max_entries=1))
        post(client)
        assert_error(post(client, make_predictions(0.2)), 507, "full", "the most it may")


def zip_bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(10_000_000))
    return stream.getvalue()


def lying_header():
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 4), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def object_array():
    stream = io.BytesIO()
    np.save(stream, np.array([[{}]], dtype=object), allow_pickle=True)
    return stream.getvalue()


class TestBadInput:
    """Each is an error, and the log stays as it was."""

    @pytest.fixture
    def client(self, client):
        post(client, name="before")
        log = client.get(LOG).content
        yield client
        assert client.get(LOG).content == log
        assert verify_log(log.splitlines(), client.get(SCORES).json()["head"]).scores == 1

    @pytest.mark.slow
    def test_a_body_without_predictions_is_422(self, client):
        cases = (
            (zip_bomb(), "zip file"),
            (lying_header(), "declares"),
            (object_array(), "never unpickled"),
            (b"", "could not read"),
            (write_npy(np.zeros((29, 4))), "one row for each"),
            (write_npy(np.zeros((30, 5))), "shape"),
            (write_npy(np.zeros(120)), "shape"),
            (write_npy(np.full((30, 4), np.nan)), "finite"),
            (write_npy(np.full((30, 4), np.inf)), "finite"),
            (write_npy(np.full((30, 4), 1e300)), "finite"),
            (write_npy(np.full((30, 4), 1e30)), "predictions must lie within +-1e+06; received 1e+30"),
            (write_npy(np.zeros((30, 4), complex)), "numbers"),
            (write_npy(np.zeros((30, 4), "U3")), "numbers"),
        )
        for content, words in cases:
            assert_error(client.post(f"{SCORES}?name=a", content=content, headers=NPY), 422, "invalid_input", words)

    def test_texts_are_refused_before_they_fill_the_memory(self, client):
        texts = ["a" * 5000, *[""] * 4000]  # as an array of numpy they would take 80 MB, and 10 GB at ten times both
        tracemalloc.start()
        try:
            answer = client.post(f"{SCORES}?name=a", json={"predictions": texts})
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert_error(answer, 422, "invalid_input", "predictions must be numbers")
        assert peak < 10_000_000

    def test_an_error_does_not_repeat_the_whole_body(self, client):
        answer = client.post(f"{SCORES}?name=a", json=dict.fromkeys(map(str, range(1000))))
        assert_error(answer, 422, "invalid_input", "received the fields")
        assert len(answer.content) < 500

    @pytest.mark.slow
    def test_wrong_texts_and_facts_are_422(self, client):
        cases = (
            {"name": "a\nb"},
            {"name": "a\x00"},
            {"parameters": -1},
            {"parameters": 2**53},
            {"parameters": 1.5},
            {"seconds": "nan"},
            {"seconds": "inf"},
            {"seconds": -1},
            {"learning_rule": "x" * 101},
            {"url": "javascript:alert(1)"},
            {"colour": "red"},
            {"data_sha256": "5ha"},
        )
        for params in cases:
            assert_error(post(client, make_predictions(0.3), **params), 422, "invalid_input")

    def test_too_large_a_body_is_413(self, client):
        assert_error(post(client, np.zeros((10_000, 4))), 413, "too_large")

    def test_an_unknown_release_is_404(self, client):
        for method, route in (("POST", "?name=a"), ("GET", "")):
            assert_error(client.request(method, f"/v1/datasets/nope/scores{route}"), 404, "unknown_name", "nope")


class TestRemoving:
    def test_a_removed_entry_is_not_listed_and_the_log_shows_its_removal(self, guarded):
        first = post(guarded, headers=SUBMIT, name="first").json()
        post(guarded, make_predictions(0.3), headers=SUBMIT, name="second")
        answer = guarded.delete(f"{SCORES}/1", params={"reason": "a test"}, headers=REMOVE)
        assert answer.status_code == 200
        assert_documented(Removal, answer.json())
        assert answer.json()["receipt"]["removed_sha256"] == first["receipt_sha256"]
        assert list_names(guarded) == (["second"], [])
        board = guarded.get(SCORES).json()
        assert board["head"] == answer.json()["receipt_sha256"]
        summary = verify_log(guarded.get(LOG).content.splitlines(), board["head"])
        assert (summary.scores, summary.removals) == (1, 1)

    def test_wrong_removals_are_refused(self, guarded):
        post(guarded, headers=SUBMIT)
        cases = (
            ("2?reason=a", 404),
            ("0?reason=a", 422),
            (f"{2**70}?reason=a", 422),
            ("a?reason=a", 422),
            ("1", 422),
            ("1?reason=", 422),
            ("1?reason=%0A", 422),
        )
        for path, status in cases:
            assert guarded.delete(f"{SCORES}/{path}", headers=REMOVE).status_code == status, path
        assert list_names(guarded) == (["a model"], [])


class TestReading:
    def test_an_empty_board_holds_the_hashes_that_bind_the_service(self, client, store):
        assert client.get(SCORES).json() == {
            "scores": [],
            "suspects": [],
            "baselines": [],
            "private_seed_sha256": store.private_seed_sha256,
            "head": NO_RECEIPT,
        }

    @pytest.mark.parametrize("ask", [{"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}])
    def test_the_board_as_csv(self, client, ask):
        post(client, name="=1+1, <b>")
        response = client.get(SCORES, **ask)
        assert response.headers["content-type"].startswith("text/csv")
        (row,) = csv.DictReader(io.StringIO(response.text))
        assert (row["id"], row["name"]) == ("1", "'=1+1, <b>")

    @pytest.mark.parametrize("ask", [{"params": {"format": "markdown"}}, {"headers": {"Accept": "text/markdown, */*"}}])
    def test_the_board_as_markdown(self, client, ask):
        post(client, name="<script>alert(1)</script>")
        response = client.get(SCORES, **ask)
        assert response.headers["content-type"].startswith("text/markdown")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "&lt;script&gt;alert" in response.text
        assert "<script" not in response.text

    def test_a_browser_gets_json_and_an_unknown_format_is_422(self, client):
        assert client.get(SCORES, headers={"Accept": "text/html"}).json()["scores"] == []
        assert client.get(f"{SCORES}?format=json", headers={"Accept": "text/csv"}).json()["scores"] == []
        assert_error(client.get(f"{SCORES}?format=xml"), 422, "invalid_input", "format")

    def test_the_log_is_json_lines_that_prove_themselves(self, client):
        for seed in range(3):
            post(client, make_predictions(0.1, seed))
        response = client.get(LOG)
        assert response.headers["content-type"].startswith("application/jsonl")
        lines = response.content.splitlines(keepends=True)
        assert verify_log(lines, client.get(SCORES).json()["head"]).scores == 3
        assert [json.loads(line)["number"] for line in lines] == [1, 2, 3]

    def test_a_log_that_cannot_be_read_is_503(self, client, tmp_path):
        (tmp_path / "scores.sqlite").write_bytes(b"no database" * 100)
        assert_error(client.get(LOG), 503, "storage", "Try again")
        response = client.get(SCORES)
        assert_error(response, 503, "storage", "Try again")
        assert "scores.sqlite" not in response.text
