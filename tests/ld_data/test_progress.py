import sys

from tqdm import tqdm

from ld_data import progress
from ld_data.progress import hide_progress, open_progress


def count(steps):
    with tqdm(total=steps, desc="outer", file=open_progress(), disable=None, mininterval=0) as bar:
        for _ in range(steps):
            for _ in tqdm(range(2), "inner", file=open_progress(), disable=None, mininterval=0, leave=False):
                pass
            bar.update()


def test_without_a_terminal_states_are_whole_lines(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    count(2)
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith("outer: 100%|") and "2/2" in line for line in lines)
    assert all(line.startswith(("outer: ", "inner: ")) and line.isprintable() for line in lines)


def test_lines_come_at_intervals(capsys, monkeypatch):
    now = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    lines = progress.Lines()
    for step in range(25):
        lines.write(f"\r{step} of 25")
    assert capsys.readouterr().err.splitlines() == ["9 of 25", "19 of 25"]


def test_a_quick_job_prints_nothing(capsys):
    count(3)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_it_is_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    count(1)
    assert "\router: 100%" in capsys.readouterr().err


def test_a_part_of_another_job_shows_nothing(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    with hide_progress():
        count(2)
    assert capsys.readouterr().err == ""
    count(2)
    assert "outer" in capsys.readouterr().err
