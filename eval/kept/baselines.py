"""The kept table of baselines of a release: read, written, shown, and compared with a new run or with a score."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.kept.figures import SeedSummary, Spread, describe_shift, load_kept
from eval.kept.rules import RuleTrial, load_trials, summarise, trials_path
from eval.names import AIDED, BASELINES
from ld_data.checks import is_release_name
from ld_data.cli.table import format_table
from ld_data.errors import LdDataError, MissingDataError
from ld_data.settings import checkpoints_folder
from ld_data.storage.staging import stage_file

MARK = " *"  # of a baseline in `AIDED`
FIGURES = {"skill": ".3f", "noise_free_mse": ".4f", "decoded_accuracy": ".3f", "mse": ".4f"}  # and how they print


@dataclass(frozen=True)
class BaselineRow:
    """One baseline on a release: its seeds (one if they do not matter), its scores, and the null and floor as MSE."""

    name: str
    seeds: tuple[int, ...]
    summary: SeedSummary
    null: float
    floor: float


def describe_rows(rows: Sequence[BaselineRow]) -> str:
    """Return the rows as a text table, the best last, with the spread over seeds behind each figure."""
    figures = [
        (
            row.name + MARK * (row.name in AIDED),
            *(format(getattr(row.summary, name), form) for name, form in FIGURES.items()),
        )
        for row in sorted(rows, key=lambda row: -row.summary.noise_free_mse.mean)
    ]
    table = format_table(("baseline", "skill", "noise-free MSE", "decoded accuracy", "MSE"), figures, "lrrrr")
    counts = sorted({len(row.seeds) for row in rows} - {1})
    spread = f"; +- is the standard deviation over {' or '.join(map(str, counts))} seeds" if counts else ""
    mark = (
        f"\n{MARK.strip()} learns from the class of y, by its decoder" if any(row.name in AIDED for row in rows) else ""
    )
    return f"{table}\nnull {rows[0].null:.4f}, floor {rows[0].floor:.4f}{spread}{mark}"


def table_path(release: str, checkpoints: Path | None = None) -> Path:
    """Return the path of a release's table, existing or not, beside the releases of a folder, by default the usual."""
    return (checkpoints or checkpoints_folder()) / "baselines" / f"{release}.json"


def save_rows(rows: Sequence[BaselineRow], path: Path) -> None:
    """Write rows as JSON; make the folder, and replace an older file atomically."""
    with stage_file(path) as draft:
        draft.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")


def load_rows(path: Path) -> list[BaselineRow]:
    """Return the rows in a file of `save_rows`; raises as `load_kept`."""
    return load_kept(path, _read_row, "figures of baselines", f"baselines {path.stem} --all --out {path}")


def find_rows(
    release: str, data_sha256: str, checkpoints: Path | None = None, only: Sequence[str] | None = None
) -> list[BaselineRow]:
    """Return the kept rows of a release, all or only some, that were measured on the test set with this sha256.

    Those of learning rules sum up the trials of `eval.kept.rules`, where there are some.

    Raises:
        MissingDataError: there are none, or not all of these.
        IntegrityError: a file holds something else.
    """
    path, own = table_path(release, checkpoints), trials_path(release, checkpoints)
    known = load_rows(path) if path.is_file() or not own.is_file() else []
    known += _sum_up(load_trials(own)) if own.is_file() else []
    rows = {row.name: row for row in known if row.summary.data_sha256 == data_sha256}
    if not rows:
        raise MissingDataError(
            f"the figures at {path} are of another version of {release}. "
            f"`python -m eval baselines {release} --all --out {path}` measures them anew."
        )
    if missing := set(only or ()) - rows.keys():
        raise MissingDataError(f"{path} and {own} have no {', '.join(sorted(missing))}. They have: {', '.join(rows)}.")
    return [row for name, row in rows.items() if not only or name in only]


def _sum_up(trials: Sequence[RuleTrial]) -> list[BaselineRow]:
    rows = []
    for name in dict.fromkeys(trial.rule for trial in trials):
        own = [trial for trial in trials if trial.rule == name]
        seeds = tuple(trial.seed for trial in own)
        rows.append(BaselineRow(name, seeds, summarise(own), own[0].null, own[0].floor))
    return rows


def describe_place(release: str, data_sha256: str, skill: float) -> str:
    """Return the kept baselines next to a skill on a test set, as "above linear 0.268, below trees 0.322".

    Skills are level if their three decimals are. The text is empty if no figures of that test set are kept.
    """
    try:
        rows = find_rows(release, data_sha256) if is_release_name(release) else []
    except MissingDataError:
        return ""
    except (LdDataError, OSError) as error:
        return f"not read: {error}"
    own, places = (
        round(skill, 3),
        sorted((round(row.summary.skill.mean, 3), row.name) for row in rows if row.name not in AIDED),
    )
    level = [name for place, name in places if place == own]
    words = [f"level with {' and '.join(level)} {own:z.3f}"] if level else []
    words += [f"above {name} {place:z.3f}" for place, name in places[::-1] if place < own and not level][:1]
    words += [f"below {name} {place:z.3f}" for place, name in places if place > own][:1]
    return ", ".join(words)


def find_differences(rows: Sequence[BaselineRow], committed: Sequence[BaselineRow]) -> list[str]:
    """Return a sentence for each figure that differs from the committed one by more than its spread over seeds.

    A mean over other seeds may differ by more, so a row with other seeds gets one sentence about them instead.
    """
    known, sentences = {row.name: row for row in committed}, []
    for row in rows:
        old = known.get(row.name)
        if old is None:
            sentences.append(f"{row.name} is not in the committed table.")
        elif row.summary.data_sha256 != old.summary.data_sha256:
            sentences.append(f"{row.name} was measured on another version of {row.summary.release}.")
        elif row.seeds != old.seeds:
            new_seeds, old_seeds = (", ".join(map(str, its.seeds)) for its in (row, old))
            sentences.append(f"{row.name} was measured with the seeds {new_seeds}; expected the committed {old_seeds}.")
        else:
            spreads = {name: (getattr(row.summary, name), getattr(old.summary, name)) for name in FIGURES}
            sentences += [describe_shift(f"{row.name}: {name}", *pair) for name, pair in spreads.items()]
    return [sentence for sentence in sentences if sentence]


def _read_row(values: dict[str, Any]) -> BaselineRow:
    if values["name"] not in BASELINES:
        raise ValueError(f"no baseline {values['name']!r}")
    figures = values["summary"]
    summary: dict[str, Any] = figures | {name: Spread(**figures[name]) for name in FIGURES}
    return BaselineRow(**values | {"seeds": tuple(values["seeds"]), "summary": SeedSummary(**summary)})
