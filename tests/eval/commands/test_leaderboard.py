import io
from dataclasses import replace
from hashlib import sha256

import httpx2
import numpy as np
import pytest

import eval.__main__ as eval_main
from api.app import make_app
from eval import evaluate, summarise_seeds
from eval.kept.baselines import BaselineRow, save_rows, table_path
from eval.leaderboard.tokens import Tokens
from ld_data.sources import secret_draws as challenge
from tests.support.command_lines import run, run_json, run_process
from tests.support.fakes import generate, guess_classes
from tests.support.servers import serve


@pytest.mark.slow
def test_submit_and_leaderboard(service, predictions, capsys):
    assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
    assert capsys.readouterr().out == "no scores yet\n"
    arguments = ("submit", "fake-4", predictions, "--name", "mine", "--to", service)
    assert run_json(capsys, eval_main.main, *arguments)["name"] == "mine"
    board = run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--from", service)
    assert [entry["name"] for entry in board["scores"]] == ["mine"]
    other = predictions.with_name("other.npy")
    np.save(other, np.load(predictions) + 0.1)
    arguments = ("submit", "fake-4", other, "--name", "worse", "--to", service)
    assert run(eval_main.main, *arguments) == 0
    heading, _, _, verdict = capsys.readouterr().out.splitlines()
    assert heading.split()[:2] == ["id", "model"]
    assert verdict.startswith("accepted, rank 2; receipt 2, sha256 ")
    assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
    heading, *rows, _ = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["rank", "id", "model"]
    assert [row.split()[:3] for row in rows] == [["1", "1", "mine"], ["2", "2", "worse"]]


def test_hopeless_predictions_are_refused(service, predictions, capsys):
    for value, words in ((1e5, "at most 8.0, since no y is longer"), (1e30, "must lie within +-1e+06; received 1e+30")):
        np.save(predictions, np.full((30, 4), value))
        assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "hopeless", "--to", service) == 1
        assert words in capsys.readouterr().err


@pytest.mark.slow
def test_the_leaderboard_is_of_the_service_of_the_environment(service, predictions, monkeypatch, capsys):
    monkeypatch.setenv("LD_DATA_SERVICE", service)
    assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "mine") == 0
    assert run(eval_main.main, "leaderboard", "fake-4") == 0
    assert capsys.readouterr().out.count("mine") == 2


@pytest.mark.slow
def test_submitted_facts_are_listed(service, predictions, capsys):
    facts = ("--parameters", 12, "--seconds", 0.5, "--learning-rule", "Hebb")
    assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "mine", *facts, "--to", service) == 0
    assert "receipt 1, sha256" in capsys.readouterr().out
    assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
    heading, row, _ = capsys.readouterr().out.splitlines()
    assert heading.split()[-3:] == ["parameters", "learning", "rule"]
    assert row.split()[-2:] == ["12", "Hebb"]
    (entry,) = run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--from", service)["scores"]
    assert (entry["parameters"], entry["seconds"], entry["learning_rule"]) == (12, 0.5, "Hebb")


@pytest.mark.slow
def test_suspects_are_shown_apart(service, catalogue, predictions, capsys):
    found = catalogue.find("fake-4")
    manifest = replace(found.manifest, health={"probes": {"mlp_probe": {"value": 0.5}}})
    catalogue._ready["fake-4"] = replace(found, data=replace(found.data, manifest=manifest))
    assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "suspicious", "--to", service) == 0
    assert "accepted as suspect: more classes decoded than x allows; receipt 1" in capsys.readouterr().out
    assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("no scores yet")
    assert shown.index("suspect:") < shown.index("suspicious")


@pytest.mark.slow
def test_verify_log(service, predictions, tmp_path, capsys):
    assert run(eval_main.main, "submit", "fake-4", predictions, "--name", "mine", "--to", service) == 0
    head = httpx2.get(f"{service}/v1/datasets/fake-4/scores").json()["head"]
    log = tmp_path / "log.jsonl"
    log.write_bytes(httpx2.get(f"{service}/v1/scores/log").content)
    capsys.readouterr()
    assert run_json(capsys, eval_main.main, "verify-log", log, "--head", head)["head"] == head
    assert run(eval_main.main, "verify-log", log) == 0
    assert "proved 1 receipts" in capsys.readouterr().out
    log.write_bytes(log.read_bytes().replace(b"mine", b"ours"))
    assert run(eval_main.main, "verify-log", log, "--head", head) == 1
    assert "another log" in capsys.readouterr().err
    log.write_bytes(log.read_bytes() + b"{}\n")
    assert run(eval_main.main, "verify-log", log) == 1
    assert "line 2 of the log is wrong" in capsys.readouterr().err
    assert run(eval_main.main, "verify-log", tmp_path / "nope") == 1
    assert "No such file" in capsys.readouterr().err


@pytest.mark.slow
def test_verify_log_finds_kept_hashes_in_a_log_that_has_grown(service, predictions, tmp_path, capsys):
    kept = []
    for number in range(3):
        np.save(predictions, np.load(predictions) + 0.1)
        submit = ("submit", "fake-4", predictions, "--name", f"{number}", "--to", service)
        kept.append(run_json(capsys, eval_main.main, *submit)["receipt_sha256"])
    log = tmp_path / "log.jsonl"
    log.write_bytes(httpx2.get(f"{service}/v1/scores/log").content)
    receipts = ("--receipt", kept[1], "--receipt", kept[0].upper())
    assert run(eval_main.main, "verify-log", log, *receipts, "--head", kept[0]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("proved 3 receipts")
    assert shown[1:] == [
        f"receipt {kept[1]} is line 2 of 3",
        f"receipt {kept[0]} is line 1 of 3",
        f"head {kept[0]}: the log has grown by 2 receipts since, and is unchanged up to it",
    ]
    proved = run_json(capsys, eval_main.main, "verify-log", log, *receipts, "--head", kept[2])
    assert (proved["lines"], proved["grown"]) == ({kept[1]: 2, kept[0]: 1}, 0)
    for option in ("--receipt", "--head"):
        assert run(eval_main.main, "verify-log", log, option, "ab" * 32) == 1
        assert "none of the 3 receipts of the log has the sha256 abab" in capsys.readouterr().err
        assert run(eval_main.main, "verify-log", log, option, kept[0][:8]) == 2
        assert "expected the 64 hexadecimal digits" in capsys.readouterr().err


@pytest.mark.slow
def test_challenge(service, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(challenge.GENERATORS, "fake", generate)
    x, predictions = tmp_path / "x.npy", tmp_path / "y.npy"
    state = run_json(capsys, eval_main.main, "challenge", "fake-4", "--out", x, "--from", service)
    np.save(predictions, guess_classes(np.load(x)))
    x.unlink()
    assert run(eval_main.main, "challenge", "fake-4", "--out", x, "--from", service) == 0
    assert state["secret_sha256"] in capsys.readouterr().out
    submit = ("submit", "fake-4", predictions, "--name", "mine", "--to", service)
    assert run_json(capsys, eval_main.main, *submit, "--challenge", "--season", 1)["season"] == 1
    assert run(eval_main.main, *submit, "--season", 1) == 1
    assert "--season and --x-sha256 go with --challenge" in capsys.readouterr().err
    assert run(eval_main.main, *submit, "--challenge", "--season", 2) == 1
    assert "are for season 2" in capsys.readouterr().err
    assert run(eval_main.main, *submit, "--challenge") == 1
    assert "--challenge needs the season" in capsys.readouterr().err
    np.save(predictions, guess_classes(np.load(x)) + 0.01)
    assert run(eval_main.main, *submit, "--challenge", "--x-sha256", state["x_sha256"]) == 0
    assert "held: not shown to be better" in capsys.readouterr().out
    board = run_json(capsys, eval_main.main, "leaderboard", "fake-4", "--challenge", "--from", service)
    assert [entry["name"] for entry in board["scores"]] == ["mine"]
    assert run(eval_main.main, "leaderboard", "fake-4", "--challenge", "--from", service) == 0
    shown, held = capsys.readouterr().out.split("held: ")
    assert "mine" in shown
    assert held.splitlines()[1:] == ["2 mine"]


def test_challenge_replaces_no_file_and_says_so_before_it_fetches(tmp_path, capsys):
    mine = tmp_path / "mine.npy"
    mine.write_text("mine")
    nowhere = ("challenge", "fake-4", "--from", "http://127.0.0.1:9", "--out")
    assert run(eval_main.main, *nowhere, mine) == 1
    assert capsys.readouterr().err == f"error: {mine} exists and is not overwritten. Choose another name.\n"
    assert mine.read_text() == "mine"
    assert run(eval_main.main, *nowhere, tmp_path / "none" / "x.npy") == 1
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.slow
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


class Terminal(io.StringIO):
    """A terminal with a typed answer."""

    def isatty(self):
        return True


@pytest.mark.slow
def test_close_season(service, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(challenge.GENERATORS, "fake", generate)
    state = httpx2.get(f"{service}/v1/datasets/fake-4/challenge").json()
    close = ("close-season", "fake-4", "--scores", tmp_path / "scores.sqlite")
    assert run(eval_main.main, *close) == 1
    assert "add --yes. Nothing was changed." in capsys.readouterr().err
    closed = run_json(capsys, eval_main.main, *close, "--yes")
    assert sha256(closed["secret"].encode()).hexdigest() == state["secret_sha256"]
    after = httpx2.get(f"{service}/v1/datasets/fake-4/challenge").json()
    assert (after["season"], after["closed"][0]["secret"]) == (2, closed["secret"])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    assert run(eval_main.main, "close-season", "fake-4", "--scores", "~/scores.sqlite") == 1
    assert "not confirmed" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    assert run(eval_main.main, "close-season", "fake-4", "--scores", "~/scores.sqlite") == 0
    assert "closed season 2 of fake-4" in capsys.readouterr().out
    assert run(eval_main.main, *close, "--yes") == 1
    assert "no open season" in capsys.readouterr().err
    assert run(eval_main.main, "close-season", "fake-4", "--scores", tmp_path / "none.sqlite") == 1
    assert "no leaderboard" in capsys.readouterr().err
    assert not (tmp_path / "none.sqlite").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "cp1252"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}]
)
def test_a_leaderboard_with_names_in_other_scripts_is_printed_on_a_narrow_terminal(service, predictions, environment):
    name = "\u540d\u524d \U0001f600"
    assert run(eval_main.main, "submit", "fake-4", predictions, "--name", name, "--to", service) == 0
    finished = run_process("eval", "leaderboard", "fake-4", "--from", service, **environment)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "\\u540d\\u524d" in finished.stdout


def test_seeds_are_submitted_as_files_and_baselines_are_shown_beside_them(service, catalogue, predictions, capsys):
    data, base = catalogue.find("fake-4"), np.load(predictions)
    null = evaluate(0 * base, data.data)
    kept = BaselineRow("mean", (0,), summarise_seeds([null]), null.null, null.floor)
    save_rows([kept], table_path("fake-4", data.checkpoints))
    assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
    first, _, row, bounds = capsys.readouterr().out.splitlines()
    assert (first, row.split()[:3], "+-" in bounds) == (
        "no scores yet; the baselines:",
        ["baseline", "mean", "1"],
        False,
    )
    seeds = [predictions.with_name(f"{seed}.npy") for seed in range(3)]
    for seed, path in enumerate(seeds):
        np.save(path, base + np.random.default_rng(seed).normal(0, 0.1, base.shape))
    submit = ("submit", "fake-4", *seeds, "--name", "mine", "--to", service)
    assert run_json(capsys, eval_main.main, *submit)["seeds"] == 3
    assert run(eval_main.main, "leaderboard", "fake-4", "--from", service) == 0
    heading, mine, baseline, bounds = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["rank", "id", "model", "seeds"]
    assert mine.split()[:4] == ["1", "1", "mine", "3"]
    assert mine.count("+-") == 4
    assert baseline.split()[:3] == ["baseline", "mean", "1"]
    assert bounds.endswith("; +- is half of the 95 % interval")
    cases = (
        (seeds[:2], (), "3 to 10 seeds"),
        ([seeds[0], seeds[1], seeds[0]], (), "seeds 1 and 3 of 3 repeat each other"),
        (seeds, ("--challenge", "--season", 1), "an entry of the challenge holds one prediction; received 3 files"),
    )
    for files, options, words in cases:
        assert run(eval_main.main, "submit", "fake-4", *files, "--name", "a", *options, "--to", service) == 1
        assert words in capsys.readouterr().err
