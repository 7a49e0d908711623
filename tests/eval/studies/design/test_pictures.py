import numpy as np
import pytest

from eval.studies.design.pictures import Line, Panel, Picture, draw, save_picture

pytestmark = pytest.mark.slow

AT = np.array([1.0, 1.2, 10.0, 100.0])


def test_a_picture_has_lines_bands_and_marks(tmp_path):
    seeds = np.array([[1.0, 1, 2, 3], [2, 2, 3, 4], [3, 3, 4, 5]])
    lines = [Line("many", AT[::-1], seeds), Line("one", AT, seeds[0], "--", colour=0)]
    panels = [Panel("a title", "x", "y", lines, {"here": 5.0}, "x"), Panel("another", "x", "y", lines[1:], {})]
    figure = draw(Picture("name", "the message", panels))
    first, second = figure.axes
    assert {"1", "2", "5", "10", "20", "50", "100"} < {text.get_text() for text in first.get_xticklabels()}
    assert figure.get_suptitle() == "the message"
    assert (first.get_title(), first.get_xscale(), second.get_xscale()) == ("a title", "log", "linear")
    np.testing.assert_allclose(first.lines[0].get_ydata(), [2, 2, 3, 4])
    assert first.lines[0].get_color() == first.lines[1].get_color()
    assert (len(first.collections), len(second.collections)) == (1, 0)  # a single seed has no band
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["many", "one", "here"]
    paths = save_picture(Picture("name", "the message", panels), tmp_path)
    assert paths == [tmp_path / "name.png", tmp_path / "name.svg"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert b"</svg>" in paths[1].read_bytes()


def test_more_than_three_panels_stand_in_rows_with_one_legend_for_all():
    panels = [Panel(f"map {number}", "", "", [Line("a class", AT, AT, ".")], {}) for number in range(4)]
    figure = draw(Picture("name", "the message", panels))
    assert [axes.get_subplotspec().get_gridspec().get_geometry() for axes in figure.axes] == [(2, 2)] * 4
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a class"]
    assert all(axes.get_legend() is None for axes in figure.axes)
    assert not any(label.get_visible() for axes in figure.axes for label in axes.get_xticklabels())


def test_a_picture_of_five_panels_leaves_no_empty_axes():
    panels = [Panel("title", "x", "y", [Line("line", AT, AT)], {})] * 5
    assert len(draw(Picture("name", "the message", panels)).axes) == 5


def test_a_long_logarithmic_axis_names_powers_of_ten_alone():
    panel = Panel("title", "x", "y", [Line("line", np.array([1.0, 1e4]), AT[:2])], {}, "x")
    (axes,) = draw(Picture("name", "the message", [panel])).axes
    assert {text.get_text() for text in axes.get_xticklabels()} <= {"0.1", "1", "10", "100", "1000", "10000", "100000"}
