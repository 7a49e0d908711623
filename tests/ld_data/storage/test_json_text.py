import pytest

from ld_data.storage.json_text import MAX_DEPTH, check_depth, read_json


def nest(depth):
    return "[" * depth + "]" * depth


def test_values_are_those_of_the_text():
    assert read_json('{"a": [1, 2.5, "]]", null, true, "\\"["], "ä": -1}') == {
        "a": [1, 2.5, "]]", None, True, '"['],
        "ä": -1,
    }


def test_brackets_count_by_their_depth_and_not_in_texts():
    read_json(nest(MAX_DEPTH))
    read_json("[" + ",".join([nest(2)] * 100) + "]")
    check_depth('["' + "[" * 1000 + '"]', 1)
    check_depth('["\\"' + "[" * 1000 + '"]', 1)
    for text in (nest(MAX_DEPTH + 1), "[" * 1_000_000, '{"a":' * 100_000):
        with pytest.raises(ValueError, match="at most 30 levels; it nests deeper"):
            read_json(text)


@pytest.mark.parametrize("text", ["NaN", "[-Infinity]", "1e999", '{"a": 1e400}', '"\\ud800"', f"{2**63}", "9" * 5000])
def test_values_that_cannot_be_sent_are_refused(text):
    with pytest.raises(ValueError, match=r"JSON compliant|surrogates|64 bits|limit"):
        read_json(text)


@pytest.mark.parametrize("text", ['"' + '\\"' * 200_000, '"' * 200_001, '"[' * 200_000, "\\" * 200_000])
def test_hostile_texts_take_time_that_grows_with_their_length(text):
    """An expression that tries again from every quote would take hours."""
    with pytest.raises(ValueError):  # noqa: PT011 - of json
        read_json(text)
