from ld_data.cli.table import format_table


def test_a_table_keeps_its_figures_and_aligns_its_columns():
    rows = [("a", "0.5000", 10), ("bcd", "12", 9)]
    assert format_table(("name", "figure", "n"), rows, "lrr").splitlines() == [
        "name      figure    n",
        "a         0.5000   10",
        "bcd           12    9",
    ]
    assert format_table((), [("a", 1), ("b", None)], "ll").splitlines() == ["a  1", "b"]
