"""A report as text."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from eval.kept.figures import LABELS
from eval.score import write_figure
from ld_data.cli.table import format_table

FAILURES = 2  # shown of a curve or a stream
STREAMS = {
    "one_pass": "one pass",
    "drift_90": "x turns by 90 degrees",
    "drift_360": "x turns by 360 degrees",
    "classes": "classes in order",
}
SHOWN = ("skill", "noise_free_mse", "decoded_accuracy")
Values = Mapping[str, Any]


def write_text(report: Values) -> str:
    """Return the main results of a report, in tables."""
    seconds = report["seconds"]
    count = len(report["seeds"])
    rows = f"{report['train_rows']} + {report['test_rows']} rows"
    targets = ", trained on class means" if report["noise_free"] else ""
    parts = [f"{report['rule']} on {report['release']}, {rows}, {count} seeds{targets}", write_figures(report)]
    parts += [sentence for name in report["rules"] if (sentence := describe_rate(name, report["rules"][name]))]
    parts += [describe_difference(report, other) for other in report["differences"]]
    if "alignment" in report:
        parts += ["", write_alignment(report["alignment"])]
    joules = report.get("energy_joules")
    energy = f"energy of a training: {joules:.1f} J" if joules is not None else "energy: not measured"
    parts += ["", write_costs(report), energy]
    if report["curves"]:
        parts += ["", write_curves(report["curves"])]
    if report["streams"]:
        parts += ["", write_streams(report)]
    if "facts" in report:
        parts += ["", write_facts(report["facts"])]
    return "\n".join([*parts, "", f"{seconds['wall']:.0f} s, {seconds['cpu']:.0f} s of processors"])


def write_figures(report: Values) -> str:
    """Return the table of the figures of the rule and the references, with 95 % intervals over seeds."""
    rows = []
    for name, rule in report["rules"].items():
        cells = [_write_interval(rule["figures"][figure], 4 if "mse" in figure else 3) for figure in SHOWN]
        plan = rule.get("plan")
        own = (
            (" ".join(map(str, plan["units"])) or "none", plan["epochs"], f"{plan['learning_rate']:g}")
            if plan
            else ("",) * 3
        )
        rows.append((name, *cells, *own))
    heads = ("", *map(LABELS.__getitem__, SHOWN), "hidden units", "epochs", "learning rate")
    return format_table(heads, rows, "lrrrlrr")


def describe_rate(name: str, rule: Values) -> str:
    """Return a warning if the best learning rate lies at the end of those that were tried, else ""."""
    rates = list(rule.get("held_out_mse", ()))
    if not rates or (best := f"{rule['plan']['learning_rate']:g}") not in (rates[0], rates[-1]):
        return ""
    return f"The best learning rate of {name}, {best}, lies at the end of those tried: a farther one may be better."


def describe_difference(report: Values, other: str) -> str:
    """Return the difference in skill from another rule in a sentence, with the interval over test rows."""
    its = report["differences"][other]["skill"]
    rows, seeds = its["over_rows"], its["over_seeds"]
    ends, word = f"{_write_ends(rows, 3)} over test rows", "significant"
    if not rows["is_significant"]:
        word = "not significant"
    if seeds["low"] is None:
        word += " over rows"
    else:
        ends += f", {_write_ends(seeds, 3)} over seeds"
        if rows["is_significant"] and seeds["low"] <= 0 <= seeds["high"]:
            word = "significant over rows, not over seeds"
    return f"skill minus that of {other}: {write_figure(rows['value'], 3)} ({ends}), {word}"


def write_alignment(alignment: Values) -> str:
    """Return the table of cosines, ratios and angles, early, in the middle and at the end, or why there is none."""
    if "not_measured" in alignment:
        return f"alignment: not measured, since {alignment['not_measured']}."
    last = len(alignment["passes"]) - 1
    chosen = sorted({min(1, last), last // 2, last})
    heads = [f"{alignment['passes'][i]:.2g}" for i in chosen]
    names = {"cosines": "cosine with the gradient", "ratios": "norm over the gradient's", "angles": "angle of feedback"}
    rows = []
    for key, name in names.items():
        layers = alignment[key]
        for layer, points in enumerate(layers, 1):
            cells = [f"{points[i]['mean']:.3g}" if points[i] else "" for i in chosen]
            rows.append((f"{name}, layer {layer}", *cells))
    return format_table(("alignment after passes", *heads), rows, "l" + "r" * len(heads))


def write_rules(report: Values) -> str:
    """Return the tables of several rules on a release: figures, alignment and costs."""
    counts = sorted({len(rule["figures"]["skill"]["values"]) for rule in report["rules"].values()})
    seeds = f"{' to '.join(map(str, {counts[0]: '', counts[-1]: ''}))} seed{'s' * (counts[-1] > 1)}"
    title = f"{report['release']}, {report['train_rows']} training rows, {seeds}"
    return "\n\n".join([f"{title}\n{write_figures(report)}", write_alignments(report), write_costs(report)])


def write_alignments(report: Values) -> str:
    """Return the cosine of each layer, and the angle of feedback, of several rules near one pass and at the end."""
    rows, most = [], {"cosines": 0, "angles": 0}
    alignments = {name: rule["alignment"] for name, rule in report["rules"].items()}
    for key in most:
        most[key] = max(len(own.get(key, ())) for own in alignments.values())
    for name, own in alignments.items():
        cells = ["not measured"]
        if "passes" in own:
            near = min(range(len(own["passes"])), key=lambda i: abs(np.log(own["passes"][i])))
            chosen = [near, -1]
            cells = [
                " ".join(f"{own[key][layer][i]['mean']:{form}}" if own[key][layer][i] else "-" for i in chosen)
                if layer < len(own[key])
                else ""
                for key, form in (("cosines", ".2f"), ("angles", ".0f"))
                for layer in range(most[key])
            ]
        rows.append((name, *cells, *[""] * (sum(most.values()) - len(cells))))
    heads = [f"layer {layer}" for layer in range(1, most["cosines"] + 1)]
    heads += [f"feedback {layer}" for layer in range(1, most["angles"] + 1)]
    table = format_table(("cosine with the gradient", *heads), rows, "l" + "r" * len(heads))
    feedback = "; feedback: its angle to the transposed weights, in degrees" if most["angles"] else ""
    return f"{table}\nafter about one pass and at the end{feedback}"


def write_costs(report: Values) -> str:
    """Return the table of costs."""
    rows = []
    for name, rule in report["rules"].items():
        cost = rule["cost"]
        work = cost.get("macs_per_row")
        works = [f"{work[part]:,.0f}" for part in ("forward", "back", "update")] if work else ["not counted", "", ""]
        memory = f"{cost['memory_bytes'] / 1e6:.2f}" if "memory_bytes" in cost else ""
        count = len(rule["figures"]["skill"]["values"])
        reached = [_write_reached(cost.get(key), count) for key in ("to_half", "to_nine_tenths_of_best")]
        rows.append((name, *works, memory, f"{cost['cpu_seconds']['mean']:.2f}", *reached))
    heads = ("cost", "MACs forward", "back", "update", "MB", "CPU s", "passes, s to skill 0.5", "to 0.9 of best")
    return format_table(heads, rows, "lrrrrrrr")


def _write_reached(reached: Values | None, seeds: int) -> str:
    if not reached:
        return ""
    if not reached["seeds"]:
        return "not reached"
    few = f" ({reached['seeds']} of {seeds})" if reached["seeds"] < seeds else ""
    return f"{reached['passes']:.1f}, {reached['cpu_seconds']:.2f}{few}"


def write_curves(curves: Values) -> str:
    """Return a line for each curve and rule, and the first reasons of trainings that failed."""
    rows = []
    for curve in curves.values():
        for rule, skills in curve["skill"].items():
            means = [[one for one in row if one is not None] for row in skills]
            cells = [
                f"{value:g}: {write_figure(sum(own) / len(own), 3)}" if own else f"{value:g}: failed"
                for value, own in zip(curve["values"], means, strict=True)
            ]
            rows.append((curve["label"], curve["epochs"][rule] or "", rule, "  ".join(cells)))
    failures = [f"failed: {sentence}" for curve in curves.values() for sentence in curve["failures"][:FAILURES]]
    table = format_table(("skill by condition", "passes", "rule", "value: mean over seeds"), rows, "lrll")
    return "\n".join([table, *failures])


def write_streams(report: Values) -> str:
    """Return a line for each stream, figure and rule, with means over seeds, and the first reasons of failures."""
    rows, streams = [], report["streams"]
    for name, stream in streams.items():
        kinds = dict.fromkeys(kind for ends in stream["figures"].values() for end in ends if end for kind in end)
        for kind in kinds:
            for rule, ends in stream["figures"].items():
                values = zip(*(end[kind].values() for end in ends if end), strict=True)
                cells = [write_figure(sum(own) / len(own), 3) for own in values] or ["failed"]
                key = "classes_learning_rate" if name == "classes" else "learning_rate"
                rate = f"{report['rules'][rule]['stream_plan'][key]:.2g}"
                rows.append((f"{STREAMS[name]}, {kind}", rule, rate, *cells, *[""] * (3 - len(cells))))
    failures = [f"failed: {sentence}" for stream in streams.values() for sentence in stream["failures"][:FAILURES]]
    heads = ("stream", "rule", "learning rate", "at the end", "forgetting", "forward transfer")
    table = format_table(heads, rows, "llrrrr")
    return "\n".join([table, *failures])


def write_facts(facts: Values) -> str:
    """Return the table of facts: declared, found, and the check."""
    words = {None: "", True: "yes", False: "no"}
    rows = [
        (name.replace("_", " "), *(words.get(fact[key], fact[key]) for key in ("declared", "found", "check")))
        for name, fact in facts.items()
    ]
    return format_table(("fact", "declared", "found", "check"), rows, "llll")


def _write_interval(values: Values, decimals: int) -> str:
    mean = write_figure(values["mean"], decimals)
    return mean if values["low"] is None else f"{mean} ({_write_ends(values, decimals)})"


def _write_ends(values: Values, decimals: int) -> str:
    return " to ".join(write_figure(values[end], decimals) for end in ("low", "high"))
