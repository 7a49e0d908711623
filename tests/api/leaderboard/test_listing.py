import csv
import io
import re

import pytest

from api.leaderboard.listing import COLUMNS, escape, write_csv, write_markdown

INTERVALS = {
    "mse": (0.9714, 0.9812),
    "skill": (0.258, 0.278),
    "noise_free_mse": (0.06, 0.0606),
    "decoded_accuracy": (0.755, 0.7714),
}
ROW = {
    "rank": 1,
    "seeds": 1,
    "intervals": INTERVALS,
    "id": 7,
    "status": "ranked",
    "name": "my model",
    "url": "https://a.b/c?d=e",
    "description": "words",
    "mse": 0.97631,
    "standard_error": 0.0025,
    "null": 1,
    "floor": 0.9178,
    "skill": 0.268,
    "skill_standard_error": 0.005,
    "noise_free_mse": 0.0603,
    "decoded_accuracy": 0.7631,
    "parameters": 1056,
    "seconds": None,
    "learning_rule": "",
    "submitted_at": "2026-01-01T00:00:00+00:00",
    "receipt_sha256": "ab" * 32,
}
MARKUP = '<script>alert("1")</script> | [a](javascript:b) `c` *d* & <img src=x onerror=e>'


def test_csv_has_a_row_for_each_entry_and_the_suspects_last():
    suspect = ROW | {"id": 8, "status": "suspect"}
    rows = list(csv.DictReader(io.StringIO(write_csv([ROW], [suspect]))))
    assert [(row["id"], row["status"]) for row in rows] == [("7", "ranked"), ("8", "suspect")]
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["mse"], rows[0]["seconds"], rows[0]["null"]) == ("0.97631", "", "1")


def test_baselines_stand_among_the_entries_without_a_rank():
    figures = {name: ROW[name] for name in ("mse", "skill", "noise_free_mse", "decoded_accuracy", "null", "floor")}
    known = {"name": "linear", "seeds": 1, "intervals": dict.fromkeys(INTERVALS)} | figures
    baselines = [known | {"noise_free_mse": 0.05}, known | {"noise_free_mse": 0.07}]
    lines = write_markdown("ld-a-4", [ROW], [], baselines=baselines).splitlines()[4:7]
    assert [line.split(" | ")[0] for line in lines] == ["| ", "| 1", "| "]
    assert lines[0].startswith("|  | baseline linear | 1 | 0.9763 | 0.268 | 0.0500 | 0.7631 |")
    assert "No scores yet.\n\n| rank" in write_markdown("ld-a-4", [], [], baselines=baselines)
    rows = list(csv.DictReader(io.StringIO(write_csv([ROW], [known | {"status": "baseline"}]))))
    assert [(row["rank"], row["status"], row["skill_low"]) for row in rows] == [
        ("1", "ranked", "0.258"),
        ("", "baseline", ""),
    ]


@pytest.mark.parametrize("name", ["a,b", 'a"b', "'a'", MARKUP, "ä ≠ 漢"])
def test_any_name_survives_csv(name):
    (row,) = csv.DictReader(io.StringIO(write_csv([ROW | {"name": name}], [])))
    assert row["name"] == name


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *((name, f"'{name}") for name in ("=HYPERLINK(1)", "+1", "-1", "@a", "\uff1d1", "\uff0b1", "\uff20a")),
        ("a;=1+1", "a;'=1+1"),
        ("a; @b;\uff0d1", "a; '@b;'\uff0d1"),
        ("a\t=1", "a\t'=1"),
        ("  =1", "  '=1"),
        ("a=b-c", "a=b-c"),
    ],
)
def test_a_spreadsheet_takes_no_part_of_a_name_for_a_formula(name, cell):
    (row,) = csv.DictReader(io.StringIO(write_csv([ROW | {"name": name, "mse": -0.5}], [])))
    assert (row["name"], row["mse"]) == (cell, "-0.5")


def test_markdown_lists_entries_in_order_and_suspects_apart():
    text = write_markdown("ld-a-4", [ROW], [ROW | {"name": "too good"}])
    figures = "0.9763 ± 0.0049 | 0.268 ± 0.010 | 0.0603 ± 0.0003 | 0.7631 ± 0.0082"
    assert f"| 1 | [my model](<https://a.b/c?d=e>) | 1 | {figures} | 1,056 |" in text
    assert text.index("my model") < text.index("## Suspect") < text.index("too good")
    assert "No scores yet" in write_markdown("ld-a-4", [], [])
    assert "Suspect" not in write_markdown("ld-a-4", [ROW], [])


def test_great_figures_are_short_in_a_table_and_whole_in_csv():
    bad = {
        "mse": 2.345e59,
        "skill": -2.5e60,
        "noise_free_mse": 1e3,
        "intervals": {"mse": (2.335e59, 2.355e59), "skill": (-3e60, -2e60)},
    }
    table = write_markdown("ld-a-4", [ROW | bad], [])
    assert "| 2.3e+59 ± 1.0e+57 | -2.5e+60 ± 5.0e+59 | 1.0e+03 |" in table
    (row,) = csv.DictReader(io.StringIO(write_csv([ROW | bad], [])))
    assert float(row["mse"]) == 2.345e59


def test_no_text_of_an_author_makes_html_a_link_or_a_cell():
    row = ROW | {"name": MARKUP, "learning_rule": MARKUP, "url": "https://a.b/>)<script>|` "}
    line = write_markdown("ld-a-4", [row], []).splitlines()[-3]
    assert not re.search(r"<(?!https://)", line)
    assert line.count("<") == line.count(">") == 1
    assert len(re.findall(r"(?<!\\)\|", line)) == 11
    assert len(re.findall(r"(?<!\\)\]\(", line)) == 1


def test_an_escaped_text_reads_as_before_once_markdown_is_rendered():
    html = re.sub(r"\\([^\w\s])", r"\1", escape(MARKUP))
    assert html.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == MARKUP
