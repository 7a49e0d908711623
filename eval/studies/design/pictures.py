"""Pictures of studies: panels of lines, which a study describes without matplotlib, and their drawing with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.intervals import measure_student
from eval.studies.design.trials import Results
from ld_data.extras import import_library
from ld_data.storage.staging import stage_file
from ld_data.typing import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMS = ("png", "svg")
PANEL_INCHES = (4.6, 3.8)
SIGNS = 64  # of a caption above a panel
MOST_COLUMNS = 3
FINE_STEPS = (1, 2, 5)  # of a logarithmic axis
FINE_UP_TO = 400  # the ratio of its ends beyond which their labels touch


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a panel.

    Attributes:
        at: its axis `(points,)`.
        values: `(points,)`, or `(s, points)` for s seeds: their mean, with the 95 % interval as a band from 3 on.
        style: of matplotlib, such as "--" or "o".
        colour: as another line of the same number; by default the next one.
    """

    label: str
    at: Array
    values: Array
    style: str = "-"
    colour: int | None = None


@dataclass(frozen=True, eq=False)
class Panel:
    """A panel of a picture; `marks` are places on its axis that get a vertical line, by their label."""

    title: str
    across: str
    up: str
    lines: Sequence[Line]
    marks: Mapping[str, float]
    logarithmic: str = ""  # "x", "y" or "xy"


@dataclass(frozen=True, eq=False)
class Picture:
    """Panels side by side; the caption says what they show."""

    name: str
    caption: str
    panels: Sequence[Panel]


def read_lines(
    results: Results, arm: str, curves: Mapping[str, str], style: str = "-", colour: int | None = None
) -> list[Line]:
    """Return curves of an arm as lines, by their names with labels; an arm without results has none."""
    if arm not in results.trials:
        return []
    at = results.read_axis(arm)
    return [Line(label, at, results.read_curve(arm, name), style, colour) for name, label in curves.items()]


def read_theory(results: Results, arm: str, theory: str = "theory", measured: str = "measured") -> list[Line]:
    """Return the exact theory of an arm as a line, and the measured curve as points, with these labels."""
    lines = read_lines(results, arm, {"measured": measured}, "o")
    return [Line(theory, line.at, results.read_curve(arm, "theory")[0]) for line in lines] + lines


def list_pictures(*pictures: tuple[str, str, Iterable[Panel]]) -> list[Picture]:
    """Return pictures of a name, a caption and panels each, without the panels and pictures that have no lines."""
    kept = ((name, caption, [panel for panel in panels if panel.lines]) for name, caption, panels in pictures)
    return [Picture(name, caption, panels) for name, caption, panels in kept if panels]


def save_picture(picture: Picture, folder: Path) -> list[Path]:
    """Return the paths of the `.png` and `.svg` that are written.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    figure, paths = draw(picture), [folder / f"{picture.name}.{form}" for form in FORMS]
    for path in paths:
        with stage_file(path) as draft:
            figure.savefig(draft, dpi=120)
    return paths


def draw(picture: Picture) -> "Figure":
    """Return the figure of a picture, at most three panels wide; raises as `save_picture`."""
    width, height = PANEL_INCHES
    count = len(picture.panels)
    rows = ceil(count / MOST_COLUMNS)
    columns = ceil(count / rows)
    figure = import_library("matplotlib.figure").Figure((width * columns, height * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, panel in zip(grid, picture.panels, strict=False):
        _draw_panel(axes, panel)
    for axes in grid[count:]:
        axes.remove()
    keys = [axes.get_legend_handles_labels() for axes in figure.axes]
    if len({tuple(labels) for _, labels in keys}) == 1:  # one legend for all
        figure.legend(*keys[0], loc="outside right center", fontsize="small", markerscale=2)
    else:
        for axes in figure.axes:
            axes.legend(fontsize="small")
    figure.suptitle(fill(picture.caption, SIGNS * columns), fontsize="medium")
    return figure


def _draw_panel(axes: Any, panel: Panel) -> None:
    for number, line in enumerate(panel.lines):
        colour = f"C{number if line.colour is None else line.colour}"
        values = np.atleast_2d(line.values)
        axes.plot(line.at, values.mean(axis=0), line.style, color=colour, label=line.label, markersize=4)
        if (seeds := len(values)) > 2:
            margin = measure_student(values.std(axis=0, ddof=1), seeds)
            axes.fill_between(
                line.at, values.mean(axis=0) - margin, values.mean(axis=0) + margin, color=colour, alpha=0.2
            )
    for number, (label, place) in enumerate(panel.marks.items()):
        axes.axvline(place, color="black", linewidth=1, linestyle=(":", "--", "-.")[number % 3], label=label)
    axes.set(title=panel.title, xlabel=panel.across, ylabel=panel.up)
    axes.grid(alpha=0.3)
    if not panel.across:  # a map, whose places have no unit
        axes.tick_params(bottom=False, left=False, labelbottom=False, labelleft=False)
    for letter in panel.logarithmic:
        _scale_by_powers(axes, letter)


def _scale_by_powers(axes: Any, letter: str) -> None:
    """Make an axis logarithmic, with plain numbers at 1, 2 and 5 times each power of ten, or at powers alone."""
    axes.set(**{f"{letter}scale": "log"})
    least, most = axes.get_xlim() if letter == "x" else axes.get_ylim()
    steps = FINE_STEPS if most / least < FINE_UP_TO else (1,)
    axis = axes.xaxis if letter == "x" else axes.yaxis
    axis.set_major_locator(import_library("matplotlib.ticker").LogLocator(subs=steps))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")
