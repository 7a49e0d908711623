import io

import pytest

from ld_data.cli.parser import PLAIN, RED, is_colourful, paint_red


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
def test_a_terminal_shows_colours_unless_its_user_wants_none(environment, expected):
    assert is_colourful(Terminal(), environment) is expected
    assert not is_colourful(io.StringIO(), environment)
    assert not is_colourful(None, environment)


def test_a_text_or_some_words_of_it_are_painted(monkeypatch):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert paint_red("error:", Terminal()) == f"{RED}error:{PLAIN}"
    assert paint_red("a MISSED, b MISSED", Terminal(), ["MISSED"]) == f"a {RED}MISSED{PLAIN}, b {RED}MISSED{PLAIN}"
    assert paint_red("a MISSED", io.StringIO(), ["MISSED"]) == "a MISSED"
