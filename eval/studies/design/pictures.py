"""Pictures of studies: panels of lines, which a study describes without matplotlib, and their drawing with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
LABEL_SHARE = 0.08  # of a logarithmic axis, for each label
MOST_TICKS = 8  # places that a logarithmic axis names, in place of powers of ten


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
    """Return the figure of a picture; raises as `save_picture`."""
    width, height = PANEL_INCHES
    count = len(picture.panels)
    figure = import_library("matplotlib.figure").Figure((width * count, height + 0.5), layout="constrained")
    for axes, panel in zip(figure.subplots(1, count, squeeze=False)[0], picture.panels, strict=True):
        _draw_panel(axes, panel)
    figure.suptitle(fill(picture.caption, SIGNS * count), fontsize="medium")
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
    for letter in panel.logarithmic:
        axes.set(**{f"{letter}scale": "log"})
    places = np.sort(panel.lines[0].at)
    if "x" in panel.logarithmic and len(places) <= MOST_TICKS:
        axes.set_xticks(places, _label_ticks(places))
        axes.minorticks_off()
    axes.set(title=panel.title, xlabel=panel.across, ylabel=panel.up)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")


def _label_ticks(places: Array) -> list[str]:
    """Return the labels of rising places on a logarithmic axis; one that would touch the label before it is empty."""
    least = LABEL_SHARE * np.log(places[-1] / places[0])
    labels, last = list[str](), -np.inf
    for place in places:
        is_free = np.log(place) - last >= least
        labels.append(f"{place:g}" if is_free else "")
        last = np.log(place) if is_free else last
    return labels
