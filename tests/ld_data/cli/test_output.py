import io
import json

import pytest

from ld_data.cli.output import PLAIN, RED, colour_red, print_result, report_error, shows_colours


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
