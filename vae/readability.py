"""The price of readable classes: releases built at several readabilities, and the measures of each."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from matplotlib.figure import Figure

from ld_data.cli.table import format_table
from ld_data.errors import IntegrityError
from ld_data.health.latents import Learners
from ld_data.health.plots import save_figure
from ld_data.protocols import Judge
from ld_data.release.report import Goals, HealthReport
from ld_data.sources.source import Source
from ld_data.storage.json_text import read_json
from ld_data.storage.staging import stage_file
from vae.config import VaeConfig
from vae.recipes import Recipe
from vae.release import build_release

__all__ = ["save_figure"]

LEVELS = (0.0, 3.0, 10.0, 30.0, 100.0, 300.0)
PANELS = {  # of the figure: its measures, and where the health report has them
    "class read from x": {"linear_probe": ("probes", "linear_probe"), "mlp_probe": ("probes", "mlp_probe")},
    "skill": {name: ("skill", name) for name in ("ridge", "mlp", "residual")},
    "told from N(0, I)": {
        "c2st_mlp": ("x_train", "c2st_mlp"),
        "c2st_trees": ("x_train", "c2st_trees"),
        "c2st_mlp_test": ("x_test", "c2st_mlp"),
    },
    "MSE of decoded samples": {"mse_samples": ("decoded", "mse_samples")},
    "judge on decoded samples": {"judge_samples": ("decoded", "judge_samples")},
}
LIMITS = {"told from N(0, I)": {"ylim": (0.4, 1.0)}}  # 0.5 is chance, and 1 no doubt
GOALS: Goals = {"skill": {}}  # for all builds alike: none is refused, and learners are fitted


@dataclass(frozen=True)
class ReadabilityRow:
    """One build.

    Attributes:
        source_sha256: of the source's inputs.
        x: the configuration of its VAE, as JSON values.
        measures: by name, those of `PANELS` that there are.
        judge_sha256: of the judge of the measures; empty without one.
    """

    readability: float
    source_sha256: str
    x: dict[str, Any]
    measures: dict[str, float]
    judge_sha256: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The inputs, the configuration and the judge, which decide the measures."""
        return self.source_sha256, json.dumps(self.x), self.judge_sha256


def measure_levels(
    source: Source,
    recipe: Recipe,
    judge: Judge | None,
    learners: Learners,
    levels: Sequence[float] = LEVELS,
    path: Path | None = None,
) -> list[ReadabilityRow]:
    """Return the row of each readability.

    With a path, each row is kept in that file as its build ends. Builds whose rows it holds are not repeated, and its
    other rows stay.

    Raises:
        InputError: a readability is out of range.
        IntegrityError: the file holds something else than such rows.
    """
    recipes = {level: replace(recipe.change(readability=level), goals=GOALS) for level in levels}
    kept = {row.key: row for row in ([] if path is None else load_rows(path))}
    rows = []
    for level, changed in recipes.items():
        row = ReadabilityRow(level, source.sha256, changed.x.to_json(), {}, judge.sha256 if judge else "")
        if row.key not in kept:
            with TemporaryDirectory() as folder:
                report = build_release(source, changed, judge, learners, checkpoints=Path(folder)).report
            kept[row.key] = replace(row, measures=_choose(report))
            if path is not None:
                add_row(kept[row.key], path)
        rows.append(kept[row.key])
    return rows


def _choose(report: HealthReport) -> dict[str, float]:
    values = {(row.group, row.measure): row.value for row in report.rows}
    names = {name: place for panel in PANELS.values() for name, place in panel.items()}
    return {name: value for name, place in names.items() if (value := values.get(place)) is not None}


def describe_rows(rows: Sequence[ReadabilityRow]) -> str:
    """Return the rows as a text table, with a column for each further setting in which they differ."""
    names = list(rows[0].measures)
    configs = [VaeConfig.from_json(row.x) for row in rows]
    further = {field.name for field in fields(VaeConfig)} - {"class_loss", "flow_class_loss"}
    settings = sorted(name for name in further if len({getattr(config, name) for config in configs}) > 1)
    cells = [
        (
            f"{row.readability:g}",
            *(_describe(getattr(config, name)) for name in settings),
            *(f"{row.measures[name]:.4f}" for name in names),
        )
        for row, config in zip(rows, configs, strict=True)
    ]
    heads = ("readability", *settings, *names)
    return format_table(heads, cells, "r" * len(heads))


def _describe(value: Any) -> str:
    """Return a setting as text; widths with hyphens, and none as one."""
    return ("-".join(map(str, value)) or "-") if isinstance(value, tuple) else f"{value}"


def draw_rows(rows: Sequence[ReadabilityRow], title: str) -> Figure:
    """Return a figure with a panel for each kind of measure, over the readability."""
    figure = Figure((15, 3.2), layout="constrained")
    figure.suptitle(title)
    rows = sorted(rows, key=lambda row: row.readability)
    for axes, (panel, measures) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        names = [name for name in measures if name in rows[0].measures]
        for name in names:
            axes.plot([row.readability for row in rows], [row.measures[name] for row in rows], marker="o", label=name)
        axes.set_xscale("symlog", linthresh=1)
        axes.set(title=panel, xlabel="readability", **LIMITS.get(panel, {}))
        if len(names) > 1:
            axes.legend()
    return figure


def add_row(row: ReadabilityRow, path: Path) -> None:
    """Add a row to a JSON file atomically; rows that others added meanwhile stay. Raises as `load_rows`."""
    with stage_file(path) as draft:  # one process at a time
        rows = [*(kept for kept in load_rows(path) if kept.key != row.key), row]
        draft.write_text(json.dumps([asdict(kept) for kept in rows], indent=1) + "\n", "utf-8")


def load_rows(path: Path) -> list[ReadabilityRow]:
    """Return the rows in a file of `add_row`; none if there is no file.

    Raises:
        IntegrityError: the file holds something else.
    """
    if not path.exists():
        return []
    try:
        return [ReadabilityRow(**values) for values in read_json(path.read_text("utf-8"))]
    except (ValueError, TypeError) as error:
        raise IntegrityError(
            f"{path} holds no rows of `python -m vae readability` ({error}). Name another file, or delete it."
        ) from error
