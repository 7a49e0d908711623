"""The manual: its pages, and the tables and figures in it that show kept results.

`python -m tests.support.manual` makes these anew. A table is a fenced block under `<!-- kept: KIND NAME -->`. A figure
holds the sha256 of the file that it shows.
"""

import io
import re
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from PIL import Image

import ld_data
from eval.classifiers.tables import TABLES, load_trials, trials_path
from eval.kept.baselines import BaselineRow, describe_rows, find_rows
from eval.kept.rules import load_trials as load_rule_trials
from eval.names import STUDIES
from eval.report.keeping import describe_trials
from eval.report.output.text import write_rules, write_text
from eval.studies.design.pictures import Picture, draw
from eval.studies.design.study import find_study
from eval.studies.design.trials import load_trials as load_study
from eval.studies.design.trials import trials_path as trials_path_of_study
from ld_data.release.manifest import read_manifest
from ld_data.release.report import Goal, HealthReport, Row
from ld_data.storage.hashing import hash_file
from ld_data.storage.json_text import read_json
from tests.support.gallery import LADDER, describe_rule, read_code
from tests.support.paths import CHECKPOINTS, ROOT

DOCS = ROOT / "docs"
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in (ROOT / "README.md", *(path for form in ("*.md", "rules/*.md") for path in sorted(DOCS.glob(form))))
}
KEPT = re.compile(
    r"(?P<start><!-- kept: (?P<kind>\w+) (?P<words>.+?) -->\n```(?:python)?\n)(?P<table>.*?)(?P<end>^```$)", re.M | re.S
)
RULES = CHECKPOINTS / "rules"
REPORT = DOCS / "rule_report" / "report.json"
FIGURES = {f"rule_report/{name}.png": REPORT for name in ("scale", "cost", "alignment", "curves", "streams")}
READABILITY = CHECKPOINTS / "readability"
FIGURES |= {"ladder/bars.png": LADDER, "readability.png": READABILITY / "mnist1d.json"}
FIGURES |= dict.fromkeys(("rules/costs.png", "idea.png"), RULES / "ld-mnist-32.json")
CLIMBERS = ("linear", "hebbian", "target-projection", "feedback-alignment", "backpropagation")  # in the figure
BADGES = DOCS / "static" / "badges.svg"
BAR = 40  # signs for a skill of 1
ON_THE_SCALE = (
    "mean",
    "evolution-strategies",
    "linear",
    "random-features",
    "associative-memory",
    "direct-feedback",
    "predictive-coding",
    "feedback-alignment",
    "target-propagation",
    "equilibrium-propagation",
    "backpropagation",
    "residual",
    "oracle",
)


def draw_figures() -> None:
    """Draw the figures of kept results, and the badges."""
    from eval.report.output.figures import draw_costs, draw_report  # import late: tables need no matplotlib
    from eval.report.output.ladder_bars import draw_ladder
    from tests.support.front import draw_idea, write_badges
    from vae.readability import draw_rows, load_rows

    report = read_json(REPORT.read_text("utf-8"))
    figures = {f"rule_report/{name}.png": figure for name, figure in draw_report(report, {})}
    results = {result["model"]: result for result in read_json(LADDER.read_text("utf-8"))}
    figures["ladder/bars.png"] = draw_ladder([results[name] for name in CLIMBERS])
    figures["rules/costs.png"] = draw_costs(describe_trials(load_rule_trials(RULES / "ld-mnist-32.json")))
    skills = {row.name: row.summary.skill.mean for row in find_kept("ld-mnist-32")}
    figures["idea.png"] = draw_idea({name: skills[name] for name in ON_THE_SCALE if name not in ("mean", "oracle")})
    levels = load_rows(READABILITY / "mnist1d.json")
    figures["readability.png"] = draw_rows(levels, "mnist1d: the price of readable classes")
    figures |= {name: draw(picture) for name, (picture, _) in find_pictures().items()}
    sources = find_sources()
    for name, figure in figures.items():
        metadata = {"Description": hash_file(sources[name])}
        figure.savefig(DOCS / name, dpi=110, metadata=metadata)
    BADGES.write_text(write_badges(), "utf-8")


def find_pictures() -> dict[str, tuple[Picture, Path]]:
    """Return the pictures in docs/studies.md and the files of the trials that they show, by their names below docs."""
    found, page = dict[str, tuple[Picture, Path]](), (DOCS / "studies.md").read_text("utf-8")
    for name in STUDIES:
        study, path = find_study(name), trials_path_of_study(name)
        if path.exists():
            results = study.take_results(load_study(path, name))
            found |= {f"studies/{picture.name}.png": (picture, path) for picture in study.draw(results)}
    return {name: picture for name, picture in found.items() if f"]({name})" in page}


def find_sources() -> dict[str, Path]:
    """Return the file that each figure of kept results shows, by the figure's name below docs."""
    return FIGURES | {name: path for name, (_, path) in find_pictures().items()}


def read_source(name: str) -> str:
    """Return the sha256 of the file that a figure shows, as the figure holds it."""
    with Image.open(DOCS / name) as image:
        return image.text["Description"]


def draw_scale(release: str) -> str:
    """Return the skill of some baselines on a release as bars, from the null to the oracle."""
    rows = {row.name: row.summary.skill.mean for row in find_kept(release)}
    ends = ("0 answers the mean", "1 knows the class")
    lines = [f"{'skill on ' + release:<32} {ends[0]:<{BAR - len(ends[1])}}{ends[1]}"]
    for name in sorted(ON_THE_SCALE, key=rows.__getitem__):
        skill = round(rows[name], 3) + 0.0  # the sum has no negative zero
        lines.append(f"{name:<25}{skill:.3f}  |{'#' * round(BAR * skill)}")
    return "\n".join(lines)


def find_kept(release: str) -> list[BaselineRow]:
    """Return the kept rows of a release."""
    return find_rows(release, ld_data.load(release).test_sha256, CHECKPOINTS)


def describe_health(release: str, groups: Sequence[str]) -> str:
    """Return some groups of the health report in the manifest of a release."""
    health = read_manifest(CHECKPOINTS / release).health
    rows = [
        Row(
            group,
            measure,
            entry["value"],
            entry.get("null_mean"),
            entry.get("null_worst"),
            Goal(**entry["goal"]) if "goal" in entry else None,
        )
        for group in groups
        for measure, entry in health[group].items()
    ]
    return HealthReport(tuple(rows)).to_text()


def climb_ladder(words: Sequence[str]) -> str:
    """Return the output of `python -m eval ladder` for a baseline and options; this fits it once for each rung."""
    from eval.__main__ import main  # import late: the other tables need no command

    with redirect_stdout(io.StringIO()) as printed:
        main(["ladder", *words])
    return printed.getvalue().strip()


def describe_study(name: str) -> str:
    """Return the claims and figures of a study from its kept trials; all is "not measured" until there are some."""
    study, path = find_study(name), trials_path_of_study(name)
    return study.describe(study.take_results(load_study(path, name) if path.exists() else []))


def describe_builds(source: str) -> str:
    """Return the kept measures of a source's builds at several readabilities, the least first."""
    from vae.readability import describe_rows as describe_levels  # import late: Keras takes 5 s
    from vae.readability import load_rows

    return describe_levels(sorted(load_rows(READABILITY / f"{source}.json"), key=lambda row: row.readability))


def make_table(kind: str, words: Sequence[str]) -> str:
    """Return the table that a comment in the manual names."""
    name, *rest = words
    makers = {
        "scale": lambda: draw_scale(name),
        "baselines": lambda: describe_rows([row for row in find_kept(name) if not rest or row.name in rest]),
        "rules": lambda: write_rules(describe_trials(load_rule_trials(RULES / f"{name}.json"))),
        "classifiers": lambda: TABLES[name].describe(load_trials(trials_path())),
        "study": lambda: describe_study(name),
        "ladder": lambda: climb_ladder(words),
        "readability": lambda: describe_builds(name),
        "report": lambda: write_text(read_json((ROOT / name).read_text("utf-8"))),
        "health": lambda: describe_health(name, rest),
        "rule": lambda: describe_rule(name),
        "code": lambda: read_code(words),
    }
    return makers[kind]()


def write_tables(path: Path) -> str:
    """Return the text of a page with all its kept tables made anew."""
    return KEPT.sub(
        lambda found: f"{found['start']}{make_table(found['kind'], found['words'].split())}\n{found['end']}",
        path.read_text("utf-8"),
    )


if __name__ == "__main__":
    for page in PAGES.values():
        page.write_text(write_tables(page), "utf-8")
    draw_figures()
