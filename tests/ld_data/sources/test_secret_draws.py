"""The challenge track: what its secret draws, its routes, what it tells, and what it keeps to itself."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

import ld_data
from api.app import make_app
from api.settings import Limits
from eval.leaderboard.challenge import draw_rows, round_score, verify_challenge
from eval.leaderboard.entries import MAX_NAME_ENTRIES
from eval.leaderboard.receipts import verify_log
from eval.leaderboard.store import Store
from eval.leaderboard.tokens import Tokens
from eval.predictions import check_predictions
from eval.score import score_predictions
from ld_data.errors import InputError, LeakError, UnknownNameError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import SignalStream
from ld_data.sources import secret_draws as challenge
from ld_data.sources.secret_draws import draw_signals, find_generator
from ld_data.storage.arrays import read_npy, write_npy
from ld_data.storage.hashing import hash_array
from tests.api.routes.test_scores import make_predictions
from tests.api.test_app import NPY, assert_error
from tests.support.fakes import D, FakeCodec, FakeY, K, generate, guess_classes
from tests.support.paths import ROOT

ROWS = 300
CHALLENGE = "/v1/datasets/fake-4/challenge"
SCORES = f"{CHALLENGE}/scores"
PUBLIC = "/v1/datasets/fake-4/scores"


@pytest.fixture(autouse=True)
def _fake_generator(monkeypatch):
    monkeypatch.setitem(challenge.GENERATORS, "fake", generate)


def make_client(catalogue, store, limits=None, tokens=None):
    return TestClient(make_app(catalogue, store, limits, tokens, ROWS), raise_server_exceptions=False)


@pytest.fixture
def client(catalogue, store):
    return make_client(catalogue, store)


def fetch_x(client):
    return read_npy(client.get(f"{CHALLENGE}/x").content)


def post(client, predictions=None, address=SCORES, headers=None, **params):
    predictions = guess_classes(fetch_x(client)) if predictions is None else predictions
    params = {"name": "a model"} | params
    return client.post(address, params=params, content=write_npy(predictions), headers=NPY | (headers or {}))


def find_secret(store):
    """The rows of the open season, which the tests alone may know."""
    data = ld_data.load("fake-4")
    season = store.open_season("fake-4", data.test_sha256, ROWS)
    return season, draw_rows(season.secret, "fake", FakeCodec(), ROWS)


def close(store):
    return store.close_season("fake-4", ld_data.load("fake-4").test_sha256)


class TestDrawing:
    def test_the_rows_are_those_of_the_secret_alone(self):
        first, again, other = (draw_rows(secret, "fake", FakeCodec(), 50) for secret in ("a", "a", "b"))
        for name in ("x", "y", "label"):
            np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
            assert not np.array_equal(getattr(first, name), getattr(other, name))
        assert (first.x.shape, first.x.dtype, first.label.shape) == ((50, D), np.float32, (50,))

    def test_another_process_draws_the_same_rows(self):
        script = (
            "from eval.leaderboard.challenge import draw_rows\nfrom ld_data import challenge\n"
            "from ld_data.storage.hashing import hash_array\nfrom tests.support.fakes import FakeCodec, generate\n"
            "challenge.GENERATORS['fake'] = generate\n"
            "rows = draw_rows('a', 'fake', FakeCodec(), 50)\nprint(hash_array(rows.x), hash_array(rows.y))"
        )
        answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        rows = draw_rows("a", "fake", FakeCodec(), 50)
        assert answer.stdout.split() == [hash_array(rows.x), hash_array(rows.y)]

    def test_x_and_y_draw_noise_of_their_own(self):
        rows = draw_rows("a", "fake", FakeCodec(), 5000)
        noise = rows.y - FakeY().class_mean[rows.label]
        residue = rows.x[:, K] - rows.x[:, K].mean()
        assert abs(np.corrcoef(residue, noise[:, K])[0, 1]) < 0.06

    def test_a_source_that_is_no_generator_has_no_rows(self):
        with pytest.raises(UnknownNameError, match="'mnist': no inputs of secret classes can be drawn"):
            find_generator("mnist")

    @pytest.mark.parametrize("seed", [0, 2**95 - 1, 12345 << 50])
    def test_signals_are_rows_of_the_stream_in_an_order_that_tells_nothing(self, seed):
        signals, labels = draw_signals(seed, 500)
        assert (signals.shape, signals.dtype, labels.dtype) == ((500, 40), np.float32, np.uint8)
        groups = labels.reshape(-1, 10)
        assert any(len(set(group)) < 10 for group in groups.tolist())
        assert set(labels.tolist()) == set(range(10))
        np.testing.assert_array_equal(draw_signals(seed, 500)[0], signals)

    def test_signals_come_from_the_block_that_the_seed_names(self):
        stream = SignalStream(Mnist1dConfig(seed=7))
        block = stream.make_rows(3 * stream.block_rows, stream.block_rows)[0]
        signals, _ = draw_signals(((3 * stream.block_rows + 5) << 32) + 7, 20)
        assert {row.tobytes() for row in signals} <= {row.tobytes() for row in block}

    @pytest.mark.parametrize("bit", [0, 31, 60, 94])
    def test_every_part_of_the_seed_matters(self, bit):
        assert not np.array_equal(draw_signals(1 << bit, 20)[0], draw_signals(0, 20)[0])

    @pytest.mark.parametrize(("seed", "rows"), [(-1, 1), (2**95, 1), (0, 0), (0, 10**6 + 1), (0.5, 1)])
    def test_what_cannot_be_drawn_is_refused(self, seed, rows):
        with pytest.raises(InputError):
            draw_signals(seed, rows)


def verify(values, data):
    return verify_challenge(check_predictions(values, data), data)


class TestVerifying:
    @pytest.fixture
    def data(self, release):
        data = ld_data.load("fake-4")
        return replace(data, test=draw_rows("a", "fake", FakeCodec(), ROWS))

    def test_an_honest_model_is_ranked_between_null_and_floor(self, data):
        verdict = verify(guess_classes(data.test.x), data)
        assert verdict.status == "ranked"
        assert verdict.score.floor < verdict.score.mse < verdict.score.null
        assert verdict.private is None

    def test_a_class_guess_by_chance_is_below_the_null(self, data):
        guess = data.class_mean[np.random.default_rng(0).integers(K, size=ROWS)]
        verdict = verify(guess, data)
        assert verdict.status == "ranked"
        assert verdict.score.skill < 0

    def test_who_knows_y_is_refused_without_a_figure(self, data):
        for share in (1.0, 0.5):
            with pytest.raises(LeakError) as caught:
                verify(share * data.test.y + (1 - share) * data.class_mean[data.test.label], data)
            assert not any(letter.isdigit() for letter in str(caught.value))

    def test_figures_are_rounded_so_that_one_row_hardly_shows(self, data):
        score = round_score(score_predictions(guess_classes(data.test.x), data))
        for name, value in vars(score).items():
            if isinstance(value, float):
                assert value == round(value, 4), name
        assert score.decoded_accuracy == round(score.decoded_accuracy, 3)
        assert all(share == round(share, 2) for share in score.class_accuracy)

    def test_large_predictions_do_not_bring_the_digits_back(self, data):
        predictions = guess_classes(data.test.x)
        predictions[0, 0] += 1e6
        for value in (score := round_score(score_predictions(predictions, data))).mse, score.noise_free_mse:
            assert float(f"{value:.5g}") == value


class TestReading:
    def test_the_state_tells_of_the_season_and_not_its_secret(self, client, store):
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
            "closed": [],
        }

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

    def test_x_is_drawn_once(self, client, monkeypatch):
        x = fetch_x(client)
        monkeypatch.delitem(challenge.GENERATORS, "fake")
        monkeypatch.setitem(challenge.GENERATORS, "fake", lambda seed, rows: 1 / 0)
        np.testing.assert_array_equal(fetch_x(client), x)

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

    def test_a_release_without_a_generator_is_404(self, client, monkeypatch):
        monkeypatch.delitem(challenge.GENERATORS, "fake")
        answers = [client.get(address) for address in (CHALLENGE, f"{CHALLENGE}/x", SCORES)]
        for answer in [*answers, post(client, np.zeros((ROWS, D)))]:
            assert_error(answer, 404, "unknown_name")
            assert answer.json()["error"] == (
                "fake-4 has no challenge track, since no inputs of secret classes can be drawn for it; here no release "
                "has one."
            )

    def test_a_release_without_a_challenge_names_those_that_have_one(self, client, catalogue):
        found = catalogue.find("fake-4")
        public = replace(found.manifest, name="public-4", source=found.manifest.source | {"name": "mnist"})
        catalogue._ready["public-4"] = replace(found, manifest=public)
        assert client.get(SCORES.replace("fake-4", "public-4")).json()["error"].endswith("; here fake-4 has one.")
        catalogue._ready["other-4"] = found
        assert (
            client.get(SCORES.replace("fake-4", "public-4")).json()["error"].endswith("; here fake-4, fake-4 have one.")
        )

    def test_the_service_says_which_releases_have_a_challenge(self, client, monkeypatch):
        assert client.get("/info").json()["challenges"] == ["fake-4"]
        assert client.get("/v1/datasets").json()["datasets"][0]["challenge"] is True
        monkeypatch.delitem(challenge.GENERATORS, "fake")
        assert client.get("/info").json()["challenges"] == []
        assert client.get("/v1/datasets").json()["datasets"][0]["challenge"] is False

    def test_a_release_that_is_not_there_is_404(self, client):
        assert_error(client.get("/v1/datasets/nope/challenge"), 404, "unknown_name", "nope")

    def test_the_board_as_text_has_the_ranks(self, client):
        post(client, make_predictions(), address=PUBLIC, name="=mine")
        post(client, name="=mine")
        (row,) = csv.DictReader(io.StringIO(client.get(f"{SCORES}?format=csv").text))
        assert (row["name"], row["season"], row["public_rank"], row["rank_gap"]) == ("'=mine", "1", "1", "0")
        table = client.get(SCORES, headers={"Accept": "text/markdown"}).text
        assert "| public rank | gap |" in table
        assert "| 1 | +0 |" in table


class TestSubmitting:
    def test_an_honest_model_is_ranked_with_its_receipt(self, client, store):
        body = post(client, url="https://a.b", parameters=12).json()
        assert (body["track"], body["season"], body["status"]) == ("challenge", 1, "ranked")
        assert body["receipt"]["secret_sha256"] == client.get(CHALLENGE).json()["secret_sha256"]
        assert body["receipt_sha256"] == store.head()
        (listed,) = client.get(SCORES).json()["scores"]
        assert body["rank"] == 1
        assert listed == {name: value for name, value in body.items() if name not in {"receipt", "rank"}}
        assert client.get(PUBLIC).json()["scores"] == []

    def test_more_classes_than_x_allows_are_suspect(self, client, catalogue):
        found = catalogue.find("fake-4")
        manifest = replace(found.manifest, health={"probes": {"mlp_probe": {"value": 0.5}}})
        catalogue._ready["fake-4"] = replace(found, data=replace(found.data, manifest=manifest))
        assert post(client, name="too good").json()["status"] == "suspect"
        guess = FakeY().class_mean[np.random.default_rng(0).integers(K, size=ROWS)]
        assert post(client, guess, name="below the ceiling").json()["status"] == "ranked"
        board = client.get(SCORES).json()
        assert [row["name"] for row in board["suspects"]] == ["too good"]
        assert [row["name"] for row in board["scores"]] == ["below the ceiling"]

    def test_the_gap_shows_who_does_worse_where_nothing_can_be_looked_up(self, client):
        x = fetch_x(client)
        for rank, name in enumerate(("cheat", "honest")):
            post(client, make_predictions(0.1 * (rank + 1)), address=PUBLIC, name=name)
        assert post(client, guess_classes(x), name="honest").json()["rank_gap"] == 1 - 2
        assert post(client, np.zeros_like(x), name="cheat").json()["rank_gap"] == 2 - 1
        assert post(client, np.full_like(x, -1), name="nobody").json()["rank_gap"] is None
        assert post(client, np.full_like(x, -2), name="honest", url="https://a.b").json()["public_rank"] is None
        ranks = {(row["name"], row["url"]): row["rank_gap"] for row in client.get(SCORES).json()["scores"]}
        assert ranks == {("honest", ""): -1, ("cheat", ""): 1, ("nobody", ""): None, ("honest", "https://a.b"): None}

    def test_a_copy_of_y_is_refused(self, client, store):
        _, rows = find_secret(store)
        assert_error(post(client, rows.y), 422, "leak", "below the floor")

    @pytest.mark.parametrize(
        ("predictions", "words"),
        [
            (np.zeros((ROWS - 1, D)), "one row for each of the 300"),
            (np.zeros((ROWS, D + 1)), "shape"),
            (np.zeros(ROWS * D), "shape"),
            (np.full((ROWS, D), np.nan), "finite"),
            (np.full((ROWS, D), 1e300), "finite"),
            (np.full((ROWS, D), 1e30), "must lie within +-1e+06"),
            (np.zeros((ROWS, D), complex), "numbers"),
        ],
    )
    def test_what_is_no_prediction_is_422(self, client, store, predictions, words):
        assert_error(post(client, predictions), 422, "invalid_input", words)
        assert list(store.read_log()) == []

    def test_identical_predictions_are_409_and_a_name_has_an_end(self, client):
        x = fetch_x(client)
        for number in range(MAX_NAME_ENTRIES):
            assert post(client, guess_classes(x) + 0.001 * number).status_code == 201
        assert_error(post(client, guess_classes(x), name="another"), 409, "duplicate", "entry 1 already")
        assert_error(post(client, guess_classes(x) - 0.1), 507, "full", "under one name")

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
    def test_a_revealed_secret_gives_the_x_that_was_published(self, client, store, catalogue):
        x, state = fetch_x(client), client.get(CHALLENGE).json()
        post(client)
        close(store)
        after = client.get(CHALLENGE).json()
        (closed,) = after["closed"]
        assert (after["season"], closed["season"]) == (2, 1)
        assert closed["secret_sha256"] == state["secret_sha256"] != after["secret_sha256"]
        rows = draw_rows(closed["secret"], "fake", FakeCodec(), closed["rows"])
        np.testing.assert_array_equal(rows.x, x)
        assert not np.array_equal(fetch_x(client), x)
        (entry,) = client.get(f"{SCORES}?season=1").json()["scores"]
        assert entry["data_sha256"] == replace(catalogue.find("fake-4").data, test=rows).test_sha256

    def test_the_log_proves_the_secret(self, client, store):
        post(client)
        close(store)
        lines = client.get("/v1/scores/log").content.splitlines()
        assert verify_log(lines, client.get(SCORES).json()["head"]).seasons == 1
        assert json.loads(lines[1])["secret_sha256"] == json.loads(lines[0])["secret_sha256"]

    def test_predictions_for_another_season_are_refused_if_they_say_so(self, client, store):
        x = fetch_x(client)
        close(store)
        assert_error(post(client, guess_classes(x), season=1), 422, "invalid_input", "are for season 1", "is 2")
        assert post(client, season=2).status_code == 201

    def test_the_boards_of_seasons_are_kept_apart(self, client, store):
        post(client, name="first")
        close(store)
        post(client, name="second")
        for number, name in ((1, "first"), (2, "second")):
            board = client.get(f"{SCORES}?season={number}").json()
            assert ([row["name"] for row in board["scores"]], board["season"]) == ([name], number)
        assert client.get(SCORES).json()["season"] == 2
        assert_error(client.get(f"{SCORES}?season=3"), 404, "unknown_name", "no season 3")
