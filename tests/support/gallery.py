"""The gallery: what the page of a learning rule in docs/rules/ shows of its code and of the kept results."""

import inspect
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from eval.kept.ladders import climbs_path
from eval.kept.rules import load_trials
from eval.report.keeping import describe_trials
from eval.report.loading import load_object
from ld_data.cli.table import format_table
from ld_data.storage.json_text import read_json
from tests.support.paths import CHECKPOINTS, ROOT

LADDER = climbs_path("ld-mnist-32", CHECKPOINTS)
COSTS = {"forward": "MACs forward", "back": "MACs back", "update": "MACs of the update"}
FIRST = "ld-mnist-32"  # the release whose alignment and cost a page shows


@cache
def describe_kept() -> dict[str, dict[str, Any]]:
    """Return the kept results of all rules on each release, as a report describes them."""
    paths = sorted((CHECKPOINTS / "rules").glob("*.json"))
    return {path.stem: describe_trials(load_trials(path)) for path in paths}


def read_code(words: Iterable[str]) -> str:
    """Return the source of some methods of a class, named as in `eval.names.RULES`."""
    path, *names = words
    owner = load_object(f"eval.{path}", ROOT)
    return "\n\n\n".join(textwrap.dedent(inspect.getsource(getattr(owner, name))).strip() for name in names)


def describe_rule(name: str) -> str:
    """Return the tables of a rule: skill on each release, alignment and cost, the ladder."""
    parts = [list(write_skills(name)), list(write_alignment(name)), list(write_costs(name)), list(write_ladder(name))]
    heads = (
        ("skill", "95 % interval over seeds", "decoded accuracy", "place"),
        ("cosine with the gradient", "after about one pass", "at the end"),
        (f"cost on {FIRST}", "value", "backpropagation = 1"),
        ("ladder, 5,000 rows", "skill", ""),
    )
    tables = [format_table(head, rows, "l" + "r" * (len(head) - 1)) for head, rows in zip(heads, parts, strict=True)]
    return "\n\n".join(tables)


def write_skills(name: str) -> Iterator[tuple[str, ...]]:
    """Yield the skill on each release, and the place among all rules."""
    for release, report in describe_kept().items():
        figures = report["rules"][name]["figures"]
        skill = figures["skill"]
        place = f"{list(report['rules'])[::-1].index(name) + 1} of {len(report['rules'])}"
        interval = f"{skill['mean']:z.3f} ({skill['low']:z.3f} to {skill['high']:z.3f})"
        yield release, interval, f"{figures['decoded_accuracy']['mean']:.3f}", place


def write_alignment(name: str) -> Iterator[tuple[str, ...]]:
    """Yield the cosine of each layer with the gradient, early and late."""
    own = describe_kept()[FIRST]["rules"][name]["alignment"]
    near = min(range(len(own["passes"])), key=lambda i: abs(own["passes"][i] - 1))
    for layer, points in enumerate(own["cosines"], 1):
        chosen = (points[near], points[-1])
        yield f"layer {layer}", *(f"{point['mean']:z.2f}" if point else "-" for point in chosen)


def write_costs(name: str) -> Iterator[tuple[str, ...]]:
    """Yield what a step and a training cost, and the ratios to backpropagation."""
    own, other = (describe_kept()[FIRST]["rules"][rule]["cost"] for rule in (name, "backpropagation"))
    pairs = [(title, own["macs_per_row"][key], other["macs_per_row"][key], ",.0f") for key, title in COSTS.items()]
    pairs.append(("MB of a step", own["memory_bytes"] / 1e6, other["memory_bytes"] / 1e6, ".2f"))
    pairs.append(("CPU s of a training", own["cpu_seconds"]["mean"], other["cpu_seconds"]["mean"], ".1f"))
    for title, value, reference, form in pairs:
        yield title, f"{value:{form}}", f"{value / reference:.2g}"


def write_ladder(name: str) -> Iterator[tuple[str, ...]]:
    """Yield the skill on each rung."""
    result = next(one for one in read_json(LADDER.read_text("utf-8")) if one["model"] == name)
    for rung in result["rungs"]:
        yield rung["task"], f"{rung['skill']:z.2f}", rung["word"]
