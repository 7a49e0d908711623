import math

import pytest

from eval.leaderboard.submission import MAX_PARAMETERS, Submission, fold_name
from ld_data.errors import InputError


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (("",), r"needs a name: `name`, on the command line --name\.$"),
        (("  ",), "needs a name"),
        (("a" * 101,), "at most 100"),
        (("a\nb",), r"printable .* U\+000A as character 2"),
        (("a\u202eb",), r"U\+202E"),
        (("a\u3164",), r"only visible characters; received U\+3164 as character 2"),
        (("\u2800a",), r"U\+2800"),
        (("a\ufe0f",), r"U\+FE0F"),
        (("v\u0456ctim",), "Cyrillic and Latin letters"),
        (("m\u03bfdel",), "Greek and Latin letters"),
        (("\ufdfa" * 10,), "ligatures written in full"),
        (("a\ud800",), r"U\+D800"),
        (("a", "", "👩\u200d👧"), r"description must .* U\+200D as character 2"),
        (("a", "javascript:alert(1)"), "http or https"),
        (("a", "https://"), "http or https"),
        (("a", " https://a.b"), "http or https"),
        (("a", "https://a b"), "http or https"),
        (("a", "", "x" * 1001), "at most 1000"),
        (("a", "", "", -1), "parameters must be"),
        (("a", "", "", MAX_PARAMETERS + 1), "parameters must be"),
        (("a", "", "", None, -0.5), "seconds must be"),
        (("a", "", "", None, math.nan), "seconds must be"),
        (("a", "", "", None, math.inf), "seconds must be"),
        (("a", "", "", None, None, "x" * 101), "learning_rule must have at most 100"),
    ],
)
def test_bad_texts_and_facts_are_refused(texts, reason):
    with pytest.raises(InputError, match=reason):
        Submission(*texts)


def test_any_printable_text_is_kept():
    assert Submission("<b>ä</b> & \"'").name == "<b>ä</b> & \"'"
    assert Submission("a", parameters=0, seconds=0.0).seconds == 0


@pytest.mark.parametrize(
    "name", ["\u03b2-VAE", "\u6a21\u578b v2", "\u041c\u043e\u0434\u0435\u043b\u044c 2", "a b", "100 %"]
)
def test_names_of_one_script_and_symbols_are_taken(name):
    assert Submission(name).name == name


@pytest.mark.parametrize("name", ["My Model", " my  model ", "my\u00a0model", "\uff2d\uff39 MODEL"])
def test_names_compare_without_case_blanks_and_compatible_forms(name):
    assert fold_name(name) == "my model"
