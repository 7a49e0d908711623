"""A figure of the ladder: the skill of each model on each rung, as bars."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from eval.report.output.palette import AMBER, GREEN, INK, RED

WORDS = {"learned": GREEN, "partly": AMBER, "not": RED}


def draw_ladder(results: Sequence[Mapping[str, Any]]) -> Figure:
    """Return a column of bars for each model, the first rung on top; `results` are those of `eval ladder --json`."""
    tasks = [rung["task"] for rung in results[0]["rungs"]]
    figure = Figure((1.6 + 1.7 * len(results), 1.3 + 0.27 * len(tasks)), layout="constrained")
    panels = figure.subplots(1, len(results), squeeze=False, sharey=True)[0]
    for axes, result in zip(panels, results, strict=True):
        for place, rung in enumerate(result["rungs"]):
            length, colour = min(1.0, max(0.0, rung["skill"])), WORDS[rung["word"]]
            axes.barh(place, length, 0.72, xerr=rung["skill_standard_error"], color=colour, ecolor=INK)
            axes.text(length + 0.04, place, f"{rung['skill']:z.2f}", va="center", fontsize="small", color=INK)
        axes.set(xlim=(0, 1.3), xticks=(0, 0.5, 1), xlabel="skill")
        axes.set_title(result["model"].rpartition(":")[2], fontsize="medium")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(tasks)), tasks)
    panels[0].invert_yaxis()
    first = results[0]
    handles = [Patch(color=colour, label=word) for word, colour in WORDS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize="small", frameon=False)
    figure.suptitle(f"{first['release']}, {first['rows']:,} training rows, seed {first['seed']}", fontsize="medium")
    return figure
