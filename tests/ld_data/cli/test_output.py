import io
import json

import pytest

import eval.__main__ as eval_main
import ld_data.__main__ as data_main
import vae.__main__ as vae_main
from ld_data.cli.output import PLAIN, RED, colour_red, print_result, report_error, shows_colours
from ld_data.cli.program import run_command
from ld_data.errors import InputError
from tests.support.command_lines import run


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "0"}, False),
    ],
)
def test_a_terminal_shows_colours_unless_its_user_refuses_them(environment, expected):
    assert shows_colours(Terminal(), environment) is expected
    assert not shows_colours(io.StringIO(), environment)
    assert not shows_colours(None, environment)


def test_some_words_are_red_on_terminals(monkeypatch):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    expected = f"a {RED}MISSED{PLAIN}, b {RED}MISSED{PLAIN}"
    assert colour_red("a MISSED, b MISSED", ["MISSED"], Terminal()) == expected
    assert colour_red("a MISSED", ["MISSED"], io.StringIO()) == "a MISSED"


def test_only_the_first_word_of_an_error_is_red(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stderr", Terminal())
    report_error("an error: no")
    assert __import__("sys").stderr.getvalue() == f"{RED}error:{PLAIN} an error: no\n"


def test_a_result_is_printed_as_text_or_as_json(capsys):
    print_result({"a": 1}, "one", as_json=False)
    assert capsys.readouterr().out == "one\n"
    print_result({"a": 1}, "one", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"a": 1}


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("cp1252", b"\\u540d\xe9\\udcff\n"),
        ("ascii", b"\\u540d\\xe9\\udcff\n"),
        ("utf-8", b"\xe5\x90\x8d\xc3\xa9\\udcff\n"),
    ],
)
def test_every_text_can_be_printed_in_every_encoding(encoding, printed, monkeypatch):
    out, err = io.TextIOWrapper(io.BytesIO(), encoding), io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    text = "\u540d\xe9\udcff"  # a character of another script, one of Latin-1, and a byte of a path that is not UTF-8
    assert run_command(lambda: print(text)) == 0
    assert out.buffer.getvalue() == printed

    def fail():
        raise InputError(text)

    assert run_command(fail) == 1
    err.flush()
    assert err.buffer.getvalue() == b"error: " + printed


def test_names_with_bytes_that_are_not_text_are_refused_in_a_sentence(cache, tmp_path, release, capsys):
    name = "a\udcff"
    for main, *words in (
        (eval_main.main, "leaderboard", name, "--from", "http://127.0.0.1:9"),
        (vae_main.main, "info", f"http://127.0.0.1:9/{name}"),
        (data_main.main, "export", "fake-4", "--format", "csv", "--out", tmp_path / name),
        (data_main.main, "verify", name),
    ):
        assert run(main, *words) == 1
        assert capsys.readouterr().err.startswith("error: ")
