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
    assert [text.get_text() for text in first.get_xticklabels()] == ["1", "", "10", "100"]
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
