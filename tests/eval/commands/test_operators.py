from hashlib import sha256

import httpx2

import eval.__main__ as eval_main
from api.app import make_app
from eval.leaderboard.tokens import Tokens
from ld_data.sources import secret_draws as challenge
from tests.support.command_lines import run, run_json
from tests.support.fakes import generate
from tests.support.servers import serve


def test_remove(catalogue, store, predictions, tmp_path, capsys, monkeypatch):
    with serve(make_app(catalogue, store, tokens=Tokens(remove="out"))) as service:
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "mine", "--to", service) == 0
        remove = ("remove", "fake-4", 1, "--reason", "a test", "--from", service)
        assert run(eval_main.main, *remove) == 1
        assert "answered 401" in capsys.readouterr().err
        monkeypatch.setenv("LD_DATA_REMOVE_TOKEN", "out")
        removed = run_json(capsys, eval_main.main, *remove)
        assert (removed["removed"], removed["reason"]) == (1, "a test")
        assert run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--from", service)["scores"] == []
        assert run(eval_main.main, *remove) == 1
        assert "was removed before" in capsys.readouterr().err
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "again", "--to", service) == 0
        remove = ("remove", "fake-4", 3, "--reason", "a test", "--from", service)
        assert run(eval_main.main, *remove) == 0
        assert "removed entry 3 of fake-4\nreceipt 4, sha256" in capsys.readouterr().out


def test_close_season(service, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(challenge.GENERATORS, "fake", generate)
    state = httpx2.get(f"{service}/v1/datasets/fake-4/challenge").json()
    close = ("close-season", "fake-4", "--scores", tmp_path / "scores.sqlite")
    closed = run_json(capsys, eval_main.main, *close)
    assert sha256(closed["secret"].encode()).hexdigest() == state["secret_sha256"]
    after = httpx2.get(f"{service}/v1/datasets/fake-4/challenge").json()
    assert (after["season"], after["closed"][0]["secret"]) == (2, closed["secret"])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(eval_main.main, "close-season", "fake-4", "--scores", "~/scores.sqlite") == 0
    assert "closed season 2 of fake-4" in capsys.readouterr().out
    assert run(eval_main.main, *close) == 1
    assert "no open season" in capsys.readouterr().err
    assert run(eval_main.main, "close-season", "fake-4", "--scores", tmp_path / "none.sqlite") == 1
    assert "no leaderboard" in capsys.readouterr().err
    assert not (tmp_path / "none.sqlite").exists()
