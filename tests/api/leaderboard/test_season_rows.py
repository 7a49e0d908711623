from dataclasses import replace

import numpy as np
import pytest

from api.leaderboard import season_rows
from api.leaderboard.season_rows import Challenges
from eval.leaderboard.submission import Submission
from ld_data.errors import UnknownNameError
from ld_data.fingerprint import describe_fingerprint
from ld_data.sources import secret_draws
from ld_data.storage.arrays import read_npy
from ld_data.storage.hashing import hash_array
from tests.support.fakes import generate
from tests.support.verdicts import add, make_secret_verdict, make_verdict

ROWS = 50


@pytest.fixture
def challenges(catalogue, store, monkeypatch):
    monkeypatch.setitem(secret_draws.GENERATORS, "fake", generate)
    return Challenges(catalogue, store, ROWS)


def test_rows_are_drawn_once_a_season(challenges, store, monkeypatch):
    release = challenges.find("fake-4")
    first = challenges.draw(release)
    assert (first.season.number, len(first.data.test)) == (1, ROWS)
    np.testing.assert_array_equal(read_npy(first.x_npy), first.data.test.x)
    assert first.season.x_sha256 == hash_array(first.data.test.x)
    assert first.season.fingerprint == describe_fingerprint()
    with monkeypatch.context() as patch:
        patch.setitem(secret_draws.GENERATORS, "fake", lambda seed, rows: 1 / 0)
        assert challenges.draw(release) is first
    store.close_season(*release.version)
    assert challenges.draw(release).season.x_sha256 != first.season.x_sha256


def test_hosts_whose_processors_differ_serve_the_x_of_the_first(challenges, catalogue, store, monkeypatch):
    release = challenges.find("fake-4")
    first = challenges.draw(release)
    draw = season_rows.draw_rows

    def draw_elsewhere(*arguments):
        split = draw(*arguments)
        return replace(split, x=np.nextafter(split.x, np.float32(9)))

    monkeypatch.setattr(season_rows, "draw_rows", draw_elsewhere)
    other = Challenges(catalogue, store, ROWS).draw(release)
    assert (other.x_npy, other.season) == (first.x_npy, first.season)
    assert other.data.test_sha256 == first.data.test_sha256


def test_a_season_is_found_by_its_number(challenges, store):
    release = challenges.find("fake-4")
    challenges.find_season(release)
    store.close_season(*release.version)
    assert [challenges.find_season(release, number).number for number in (None, 1, 2)] == [2, 1, 2]
    with pytest.raises(UnknownNameError, match="fake-4 has no season 3; the open one is 2"):
        challenges.find_season(release, 3)


def test_a_release_without_a_challenge_names_those_that_have_one(challenges, catalogue):
    found = catalogue.find("fake-4")
    public = replace(found.manifest, name="public-4", source=found.manifest.source | {"name": "mnist"})
    catalogue._ready["public-4"] = replace(found, manifest=public)
    with pytest.raises(UnknownNameError, match=r"public-4 has no challenge track.*; here fake-4 has one"):
        challenges.find("public-4")
    catalogue._ready["other-4"] = found
    with pytest.raises(UnknownNameError, match="; here fake-4, fake-4 have one"):
        challenges.find("public-4")
    catalogue._ready = {"public-4": catalogue._ready["public-4"]}
    with pytest.raises(UnknownNameError, match="; here no release has one"):
        challenges.find("public-4")


def test_the_gap_is_the_rank_minus_the_best_public_rank_of_the_same_name_and_url(challenges, store):
    release = challenges.find("fake-4")
    name, sha256 = release.version
    season = challenges.find_season(release)
    texts = (("cheat", ""), ("honest", ""), ("cheat", ""))
    for number, text in enumerate(texts):
        verdict = make_verdict(number, release=name, data_sha256=sha256, noise_free_mse=0.1 * (number + 1))
        add(store, Submission(*text), verdict)
    entries = [
        add(store, Submission(*text), make_secret_verdict(number, release=name), season)
        for number, text in enumerate((("honest", ""), ("cheat", ""), ("new", ""), ("honest", "https://a.b")))
    ]
    ranked = [replace(entry, rank=rank) for entry, rank in zip(entries, (1, 2, None, 4), strict=True)]
    rows = challenges.compare(release, ranked)
    assert [(row["public_rank"], row["rank_gap"]) for row in rows] == [(2, -1), (1, 1), (None, None), (None, None)]
    assert challenges.compare(release, [replace(entries[0], rank=None)])[0]["rank_gap"] is None
    assert challenges.compare(release, []) == []
