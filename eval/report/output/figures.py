"""The figures of a report, in the colours of the web page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eval.report.output.palette import AMBER, BLUE, COLOURS, INK, QUIET, RED
from eval.report.output.text import STREAMS

TRANSPORTS = {"none": BLUE, "signs": AMBER, "values": RED}
LOGARITHMIC = ("rows", "depth", "width", "batch_rows")
Values = Mapping[str, Any]


def draw_report(report: Values, kept: Mapping[str, float]) -> Iterator[tuple[str, Figure]]:
    """Yield the figures of a report by name; `kept` are the skills of baselines for the scale, by name."""
    yield "scale", draw_scale(report, kept)
    yield "cost", draw_cost(report)
    if "cosines" in report.get("alignment", {}):
        yield "alignment", draw_alignment(report)
    if report["curves"]:
        yield "curves", draw_curves(report)
    if report["streams"]:
        yield "streams", draw_streams(report)


def draw_scale(report: Values, kept: Mapping[str, float]) -> Figure:
    """Return the skills of the rules with their intervals between the null, 0, and the oracle, 1."""
    skills = {name: rule["figures"]["skill"] for name, rule in report["rules"].items()}
    rows = sorted(
        [(value, name, None) for name, value in kept.items() if name not in skills]
        + [(spread["mean"], name, spread) for name, spread in skills.items()],
        key=lambda row: row[0],
    )
    figure = Figure((7, 1.2 + 0.26 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, (skill, name, spread) in enumerate(rows):
        colour = _find_colour(report, name) if spread else QUIET
        ends = (
            [[0], [0]] if not spread or spread["low"] is None else [[skill - spread["low"]], [spread["high"] - skill]]
        )
        axes.errorbar([skill], [place], xerr=ends, fmt="o" if spread else "|", color=colour, capsize=3)
    for bound, word in ((0, "null"), (1, "oracle")):
        axes.axvline(bound, color=INK, linewidth=1, linestyle=":")
        axes.text(bound, len(rows) - 0.4, word, ha="center", fontsize="small", color=INK)
    axes.set(yticks=range(len(rows)), yticklabels=[name for _, name, _ in rows], ylim=(-0.6, len(rows)))
    axes.set(xlabel="skill", xlim=(max(-1, min(-0.05, *(row[0] - 0.05 for row in rows))), 1.05))
    figure.suptitle(_describe_data(report), fontsize="medium")
    return figure


def draw_cost(report: Values) -> Figure:
    """Return skill against the work of the whole training, and against seconds of the processor."""
    figure = Figure((9, 3.6), layout="constrained")
    panels = figure.subplots(1, 2)
    measures: dict[str, Callable[[Values], float | None]] = {
        "billions of multiply-accumulates of the training": _count_work,
        "seconds of the processor": lambda rule: rule["cost"]["cpu_seconds"]["mean"],
    }
    for axes, (label, measure) in zip(panels, measures.items(), strict=True):
        for name, rule in report["rules"].items():
            _draw_skill(axes, measure(rule), rule, _find_colour(report, name), name)
        axes.set(xlabel=label, ylabel="skill")
        axes.set_xlim(0, 1.1 * max(filter(None, map(measure, report["rules"].values())), default=1))
    handles, names = panels[1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize="small", frameon=False)
    figure.suptitle(_describe_data(report), fontsize="medium")
    return figure


def draw_costs(report: Values) -> Figure:
    """Return the skill of many rules against the work of a training, in the colour of their use of forward weights."""
    rules = sorted(report["rules"].items(), key=lambda rule: rule[1]["figures"]["skill"]["mean"])
    figure = Figure((8, 2.4 + 0.2 * len(rules)), layout="constrained")
    axes = figure.subplots()
    for place, (name, rule) in enumerate(rules):
        skill, amount, colour = rule["figures"]["skill"], _count_work(rule), TRANSPORTS[rule["weight_transport"]]
        if amount is None:
            continue
        _draw_skill(axes, amount, rule, colour)
        axes.annotate(
            f"{skill['mean']:z.2f}  {name}",
            (amount, skill["mean"]),
            (1.05, (place + 0.5) / len(rules)),
            textcoords="axes fraction",
            va="center",
            fontsize="small",
            color=colour,
            arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.5, "alpha": 0.6, "relpos": (0, 0.5)},
        )
    axes.set(xlabel="billions of multiply-accumulates of a training", ylabel="skill", xscale="log")
    axes.axhline(0, color=QUIET, linewidth=0.8)
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=word) for word, colour in TRANSPORTS.items()
    ]
    figure.legend(
        handles=handles,
        title="forward weights used on the way back",
        loc="outside lower center",
        ncols=3,
        frameon=False,
    )
    figure.suptitle(_describe_data(report), fontsize="medium")
    return figure


def draw_alignment(report: Values) -> Figure:
    """Return cosine, ratio of norms and angle of each layer along the training, with bands from seed to seed."""
    alignment = report["alignment"]
    kinds = {
        "cosines": "cosine with the gradient",
        "ratios": "norm over that of the gradient",
        "angles": "angle of feedback (degrees)",
    }
    shown = {key: label for key, label in kinds.items() if alignment[key]}
    figure = Figure((4.2 * len(shown), 3.6), layout="constrained")
    for axes, (key, label) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True):
        for layer, points in enumerate(alignment[key], 1):
            own = [(at, point) for at, point in zip(alignment["passes"], points, strict=True) if point]
            places = [at for at, _ in own]
            colour = COLOURS[(layer - 1) % len(COLOURS)]
            axes.plot(
                places, [point["mean"] for _, point in own], "-o", markersize=3, color=colour, label=f"layer {layer}"
            )
            axes.fill_between(
                places, *([point[end] for _, point in own] for end in ("low", "high")), color=colour, alpha=0.2
            )
        axes.set(xlabel="passes over the data", ylabel=label, xscale="log")
        if key == "cosines":
            axes.set_ylim(-1.05, 1.05)
            axes.axhline(0, color=QUIET, linewidth=0.8)
        if key == "ratios":
            axes.set_yscale("log")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right", fontsize="small")
    figure.suptitle(f"{report['rule']} on {_describe_data(report)}", fontsize="medium")
    return figure


def draw_curves(report: Values) -> Figure:
    """Return the skill over each condition, a panel each, with bands from the least to the greatest of the seeds."""
    curves = report["curves"]
    columns = min(3, len(curves))
    lines = -(-len(curves) // columns)
    figure = Figure((4 * columns, 3.2 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for axes, (name, curve) in zip(panels, curves.items(), strict=False):
        for rule, skills in curve["skill"].items():
            _draw_band(axes, curve["values"], skills, _find_colour(report, rule), rule)
        passes = dict.fromkeys(str(count) for count in curve["epochs"].values() if count)  # a function has none
        axes.set(xlabel=curve["label"], title=f"passes: {' and '.join(passes)}")
        axes.axhline(0, color=QUIET, linewidth=0.8)
        if name in LOGARITHMIC:
            axes.set_xscale("log")
            axes.set_xticks(curve["values"], [f"{value:,}" for value in curve["values"]], minor=False)
            axes.minorticks_off()
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    for axes in panels[::columns]:
        axes.set_ylabel("skill")
    panels[0].legend(fontsize="small")
    first = next(iter(curves.values()))["skill"].values()
    figure.suptitle(_describe_data(report, max(len(row) for skills in first for row in skills)), fontsize="medium")
    return figure


def draw_streams(report: Values) -> Figure:
    """Return the skill at the end of each stream, and what classes in order leave, a dot for each seed."""
    figure = Figure((9, 3.6), layout="constrained")
    panels = figure.subplots(1, 2, width_ratios=(4, 2))
    ends = {name: report["streams"][name]["figures"] for name in STREAMS if name in report["streams"]}
    skills = {
        STREAMS[name]: {rule: [next(iter(end["skill"].values())) for end in own if end] for rule, own in rules.items()}
        for name, rules in ends.items()
    }
    _draw_groups(panels[0], report, skills)
    panels[0].set(ylabel="skill at the end")
    classes = ends.get("classes", {})
    parts = {"average": "accuracy at the end", "forgetting": "forgetting"}
    accuracies = {
        label: {rule: [end["accuracy"][part] for end in own if end] for rule, own in classes.items()}
        for part, label in parts.items()
    }
    _draw_groups(panels[1], report, accuracies)
    panels[1].set(ylabel="accuracy on the tasks", title="classes in order")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize="small", frameon=False
    )
    figure.suptitle(f"{report['release']}, {report['train_rows']:,} training rows, each once", fontsize="medium")
    return figure


def _draw_skill(axes: Axes, amount: float | None, rule: Values, colour: str, label: str | None = None) -> None:
    """Draw the skill of a rule, with its interval if there is one, over an amount, if it is known."""
    if amount is not None:
        skill = rule["figures"]["skill"]
        ends = None if skill["low"] is None else [[skill["mean"] - skill["low"]], [skill["high"] - skill["mean"]]]
        axes.errorbar([amount], [skill["mean"]], yerr=ends, fmt="o", capsize=3, color=colour, label=label)


def _draw_groups(axes: Axes, report: Values, groups: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Draw a group of bars, the means of each rule, with a dot for each seed."""
    for place, rules in enumerate(groups.values()):
        width = 0.8 / max(1, len(rules))
        for number, (rule, values) in enumerate(rules.items()):
            if values:
                at = place + (number - (len(rules) - 1) / 2) * width
                axes.bar(
                    at,
                    np.mean(values),
                    0.92 * width,
                    color=_find_colour(report, rule),
                    label=rule if not place else None,
                )
                axes.plot([at] * len(values), values, "o", markersize=3, color=INK, markerfacecolor="white")
    axes.set_xticks(range(len(groups)), [label.replace(" by ", "\nby ") for label in groups], fontsize="small")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_band(
    axes: Axes, values: Sequence[float], skills: Sequence[Sequence[float | None]], colour: str, label: str
) -> None:
    own = [(value, [one for one in row if one is not None]) for value, row in zip(values, skills, strict=True)]
    own = [(value, row) for value, row in own if row]  # without conditions in which all seeds failed
    places = [value for value, _ in own]
    axes.plot(places, [np.mean(row) for _, row in own], "-o", markersize=4, color=colour, label=label)
    axes.fill_between(places, [min(row) for _, row in own], [max(row) for _, row in own], color=colour, alpha=0.2)


def _find_colour(report: Values, name: str) -> str:
    return COLOURS[list(report["rules"]).index(name) % len(COLOURS)]


def _describe_data(report: Values, seeds: int | None = None) -> str:
    """Return the release, the training rows and the seeds, by default those of the figures."""
    seeds = seeds or len(report["seeds"])
    return f"{report['release']}, {report['train_rows']:,} training rows, {seeds} seed{'s' * (seeds > 1)}"


def _count_work(rule: Values) -> float | None:
    work = rule["cost"].get("macs_per_row")
    return work and rule["cost"]["training_rows"] * work["total"] / 1e9
