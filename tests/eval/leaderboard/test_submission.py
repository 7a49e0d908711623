import math

import pytest

from eval.leaderboard.submission import MAX_PARAMETERS, Submission
from ld_data.errors import InputError


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (("",), r"needs a name: `name`, on the command line --name\.$"),
        (("  ",), "needs a name"),
        (("a" * 101,), "at most 100"),
        (("a\nb",), r"printable .* U\+000A as character 2"),
        (("a\u202eb",), r"U\+202E"),
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
