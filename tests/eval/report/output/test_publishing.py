import json

import pytest

from eval.report.output import publishing
from eval.report.output.publishing import publish_report
from ld_data.errors import InputError


@pytest.mark.slow
def test_a_report_is_published_whole(report, tmp_path):
    names = publish_report(report, {}, tmp_path / "new" / "report")
    figures = ("alignment", "cost", "curves", "scale", "streams")
    assert set(names) == {"report.json", *(f"{name}.{form}" for name in figures for form in ("png", "svg"))}
    assert json.loads((tmp_path / "new" / "report" / "report.json").read_text()) == report
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report"]
    with pytest.raises(InputError, match="report exists and is not overwritten"):
        publish_report(report, {}, tmp_path / "new" / "report")


def test_without_matplotlib_there_are_no_figures(report, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "find_spec", lambda name: None)
    assert publish_report(report, {}, tmp_path / "report") == ["report.json"]


def test_nothing_is_left_of_a_report_that_fails(report, tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        publish_report(report | {"null": float("nan")}, {}, tmp_path / "report")
    assert not list(tmp_path.iterdir())
