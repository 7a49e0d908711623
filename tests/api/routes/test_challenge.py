"""The routes of the challenge track: what they show, what they take, and what they keep secret."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

import ld_data
from api.leaderboard.answers import AcceptedChallenge, ChallengeEntry, ChallengeList, ChallengeState
from api.settings import Limits
from eval.leaderboard.challenge import draw_rows
from eval.leaderboard.receipts import verify_log
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens
from ld_data.fingerprint import describe_fingerprint
from ld_data.sources import secret_draws
from ld_data.storage.arrays import read_npy
from ld_data.storage.hashing import hash_array
from tests.support.challenges import CHALLENGE, ROWS, SCORES, close, dilute, fetch_x, make_client, post
from tests.support.fakes import D, FakeCodec, generate, guess_classes
from tests.support.service import assert_error
from tests.support.submissions import SCORES as PUBLIC
from tests.support.submissions import assert_documented, make_predictions

UNLISTED = {"receipt", "owner_secret", "note"}  # facts of the answer to a submission alone


@pytest.fixture(autouse=True)
def _fake_generator(monkeypatch):
    monkeypatch.setitem(secret_draws.GENERATORS, "fake", generate)


@pytest.fixture
def client(catalogue, store):
    return make_client(catalogue, store)


def find_secret(store):
    """The open season and its rows, known to the tests only."""
    data = ld_data.load("fake-4")
    season = store.open_season("fake-4", data.test_sha256, ROWS)
    return season, draw_rows(season.secret, "fake", FakeCodec(), ROWS)


class TestReading:
    def test_the_state_shows_the_season_and_not_its_secret(self, client, store):
        state = client.get(CHALLENGE).json()
        season, _ = find_secret(store)
        assert state == {
            "release": "fake-4",
            "season": 1,
            "rows": ROWS,
            "secret_sha256": season.secret_sha256,
            "opened_at": season.opened_at,
            "closed_at": None,
            "x_sha256": hash_array(fetch_x(client)),
            "fingerprint": describe_fingerprint(),
            "closed": [],
        }

    @pytest.mark.slow
    def test_x_is_an_array_with_a_strong_etag(self, client):
        response = client.get(f"{CHALLENGE}/x")
        x = read_npy(response.content)
        assert (x.shape, x.dtype) == ((ROWS, D), np.float32)
        assert response.headers["etag"] == f'"{hash_array(x)}"'
        again = client.get(f"{CHALLENGE}/x", headers={"If-None-Match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(f"{CHALLENGE}/x", headers={"If-None-Match": '"another"'}).status_code == 200

    def test_x_is_the_same_from_two_services_on_one_database(self, client, catalogue, tmp_path):
        other = make_client(catalogue, Store(tmp_path / "scores.sqlite"))
        np.testing.assert_array_equal(fetch_x(client), fetch_x(other))
        assert client.get(CHALLENGE).json() == other.get(CHALLENGE).json()

    @pytest.mark.slow
    def test_labels_and_secret_appear_in_no_answer(self, client, store):
        season, rows = find_secret(store)
        post(client, url="https://a.b")
        answers = [
            post(client, rows.y),
            post(client, np.zeros((ROWS, D))),
            post(client, np.zeros((ROWS + 1, D))),
            *[
                client.get(address)
                for address in (CHALLENGE, f"{CHALLENGE}/x", SCORES, PUBLIC, "/v1/scores/log", "/info")
            ],
            *[client.get(SCORES, params={"format": form}) for form in ("csv", "markdown")],
            client.get("/openapi.json"),
        ]
        hidden = [season.secret.encode(), rows.y.tobytes(), rows.label.tobytes(), rows.label.astype(np.int64).tobytes()]
        hidden += [separator.join(map(str, rows.label[:20])).encode() for separator in ("", ",", ", ", " ")]
        hidden += [str(row[0]).encode() for row in rows.y[:20]]
        for answer in answers:
            assert not any(secret in answer.content for secret in hidden), answer.url

    @pytest.mark.slow
    def test_a_release_without_a_generator_is_404(self, client, monkeypatch):
        monkeypatch.delitem(secret_draws.GENERATORS, "fake")
        answers = [client.get(address) for address in (CHALLENGE, f"{CHALLENGE}/x", SCORES)]
        for answer in [*answers, post(client, np.zeros((ROWS, D)))]:
            assert_error(answer, 404, "unknown_name")
            assert answer.json()["error"] == (
                "fake-4 has no challenge track, since no inputs of secret classes can be drawn for it; here no release "
                "has one."
            )

    def test_the_service_says_which_releases_have_a_challenge(self, client, monkeypatch):
        assert client.get("/info").json()["challenges"] == ["fake-4"]
        assert client.get("/v1/datasets").json()["datasets"][0]["challenge"] is True
        monkeypatch.delitem(secret_draws.GENERATORS, "fake")
        assert client.get("/info").json()["challenges"] == []
        assert client.get("/v1/datasets").json()["datasets"][0]["challenge"] is False

    def test_an_unknown_release_is_404(self, client):
        assert_error(client.get("/v1/datasets/nope/challenge"), 404, "unknown_name", "nope")

    @pytest.mark.slow
    def test_the_board_as_text_has_the_ranks(self, client):
        post(client, make_predictions(), address=PUBLIC, name="=mine")
        post(client, name="=mine")
        (row,) = csv.DictReader(io.StringIO(client.get(f"{SCORES}?format=csv").text))
        assert (row["name"], row["season"], row["public_rank"], row["rank_gap"]) == ("'=mine", "1", "1", "0")
        table = client.get(SCORES, headers={"Accept": "text/markdown"}).text
        assert "| public rank | gap |" in table
        assert "| 1 | +0 |" in table


class TestSubmitting:
    @pytest.mark.slow
    def test_an_honest_model_is_ranked_with_its_receipt(self, client, store):
        body = post(client, url="https://a.b", parameters=12).json()
        assert (body["track"], body["season"], body["status"]) == ("challenge", 1, "ranked")
        assert body["receipt"]["secret_sha256"] == client.get(CHALLENGE).json()["secret_sha256"]
        assert body["receipt_sha256"] == store.head()
        (listed,) = client.get(SCORES).json()["scores"]
        assert body["rank"] == 1
        assert_documented(AcceptedChallenge, body)
        assert_documented(ChallengeEntry, listed)
        assert_documented(ChallengeList, client.get(SCORES).json() | {"secret": ""})
        assert_documented(ChallengeState, client.get(CHALLENGE).json())
        assert listed == {name: value for name, value in body.items() if name not in UNLISTED}
        assert client.get(PUBLIC).json()["scores"] == []

    @pytest.mark.slow
    def test_more_classes_than_x_allows_are_suspect(self, client, catalogue):
        found = catalogue.find("fake-4")
        manifest = replace(found.manifest, health={"probes": {"mlp_probe": {"value": 0.8}}})
        catalogue._ready["fake-4"] = replace(found, data=replace(found.data, manifest=manifest))
        x = fetch_x(client)
        guess = np.where(np.arange(ROWS)[:, None] % 2, guess_classes(x), 0)
        assert post(client, dilute(guess, 0.4), name="below the ceiling").json()["status"] == "ranked"
        assert post(client, name="too good").json()["status"] == "suspect"
        board = client.get(SCORES).json()
        assert [row["name"] for row in board["suspects"]] == ["too good"]
        assert [row["name"] for row in board["scores"]] == ["below the ceiling"]

    @pytest.mark.slow
    def test_the_gap_shows_models_that_do_worse_on_secret_labels(self, client):
        x = fetch_x(client)
        for rank, name in enumerate(("cheat", "honest")):
            post(client, make_predictions(0.1 * (rank + 1)), address=PUBLIC, name=name)
        guess = guess_classes(x)
        assert post(client, dilute(guess, 0.2), name="cheat").json()["rank_gap"] == 1 - 1
        assert post(client, dilute(guess, 0.4), name="unknown").json()["rank_gap"] is None
        assert post(client, dilute(guess, 0.6), name="honest", url="https://a.b").json()["public_rank"] is None
        assert post(client, guess, name="honest").json()["rank_gap"] == 1 - 2
        ranks = {(row["name"], row["url"]): row["rank_gap"] for row in client.get(SCORES).json()["scores"]}
        assert ranks == {("honest", ""): -1, ("cheat", ""): 3, ("unknown", ""): None, ("honest", "https://a.b"): None}

    def test_a_copy_of_y_is_refused(self, client, store):
        _, rows = find_secret(store)
        assert_error(post(client, rows.y), 422, "leak", "below the floor")

    @pytest.mark.slow
    def test_bad_predictions_are_422(self, client, store):
        cases = (
            (np.zeros((ROWS - 1, D)), "one row for each of the 300"),
            (np.zeros((ROWS, D + 1)), "shape"),
            (np.zeros(ROWS * D), "shape"),
            (np.zeros((3, ROWS, D), np.float32), "predictions must have shape (300, 4)"),  # an entry has no seeds
            (np.full((ROWS, D), np.nan), "finite"),
            (np.full((ROWS, D), 1e300), "finite"),
            (np.full((ROWS, D), 1e30), "must lie within +-1e+06"),
            (np.zeros((ROWS, D), complex), "numbers"),
        )
        for predictions, words in cases:
            assert_error(post(client, predictions), 422, "invalid_input", words)
        assert list(store.read_log()) == []

    def test_identical_predictions_are_409_and_a_client_that_sent_enough_gets_507(self, client, monkeypatch):
        monkeypatch.setattr("eval.leaderboard.entries.MAX_CLIENT_ENTRIES", 2)
        x = fetch_x(client)
        post(client)
        assert_error(post(client, guess_classes(x), name="another"), 409, "duplicate", "entry 1 already")
        post(client, guess_classes(x) + 0.001)
        assert_error(post(client, guess_classes(x) - 0.1, name="another"), 507, "full", "from one address")

    @pytest.mark.slow
    def test_tokens_and_rates_are_those_of_the_public_track(self, catalogue, store):
        guarded = make_client(catalogue, store, tokens=Tokens("in", "out"))
        assert_error(post(guarded), 401, "unauthorized")
        assert post(guarded, headers={"Authorization": "Bearer in"}).status_code == 201
        removed = guarded.delete(f"{PUBLIC}/1?reason=a", headers={"Authorization": "Bearer out"})
        assert removed.status_code == 200
        assert guarded.get(SCORES).json()["scores"] == []
        limited = make_client(catalogue, store, Limits(max_submissions=2))
        statuses = [post(limited, make_predictions(), PUBLIC).status_code, *[post(limited).status_code for _ in "ab"]]
        assert statuses == [201, 201, 429]


class TestSeasons:
    @pytest.mark.slow
    def test_a_revealed_secret_gives_the_x_that_was_published(self, client, store, catalogue):
        x, state = fetch_x(client), client.get(CHALLENGE).json()
        post(client)
        close(store)
        np.testing.assert_array_equal(read_npy(client.get(f"{CHALLENGE}/x?season=1").content), x)
        after = client.get(CHALLENGE).json()
        (closed,) = after["closed"]
        assert (after["season"], closed["season"]) == (2, 1)
        assert closed["secret_sha256"] == state["secret_sha256"] != after["secret_sha256"]
        rows = draw_rows(closed["secret"], "fake", FakeCodec(), closed["rows"])
        np.testing.assert_array_equal(rows.x, x)
        assert not np.array_equal(fetch_x(client), x)
        (entry,) = client.get(f"{SCORES}?season=1").json()["scores"]
        assert entry["data_sha256"] == replace(catalogue.find("fake-4").data, test=rows).test_sha256

    @pytest.mark.slow
    def test_the_log_proves_the_secret(self, client, store):
        post(client)
        close(store)
        lines = client.get("/v1/scores/log").content.splitlines()
        assert verify_log(lines, client.get(SCORES).json()["head"]).seasons == 1
        assert json.loads(lines[1])["secret_sha256"] == json.loads(lines[0])["secret_sha256"]

    @pytest.mark.slow
    def test_predictions_that_name_another_season_are_refused(self, client, store):
        x = fetch_x(client)
        close(store)
        assert_error(post(client, guess_classes(x), season=1), 422, "invalid_input", "are for season 1", "is 2")
        assert post(client, season=2).status_code == 201

    @pytest.mark.slow
    def test_the_boards_of_seasons_are_kept_apart(self, client, store):
        post(client, name="first")
        close(store)
        post(client, name="second")
        for number, name in ((1, "first"), (2, "second")):
            board = client.get(f"{SCORES}?season={number}").json()
            assert ([row["name"] for row in board["scores"]], board["season"]) == ([name], number)
        assert client.get(SCORES).json()["season"] == 2
        assert_error(client.get(f"{SCORES}?season=3"), 404, "unknown_name", "no season 3")
