"""Kept climbs of the ladder: skills on its control tasks, as `python -m eval ladder --out` writes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.kept.figures import load_kept
from ld_data.settings import checkpoints_folder


@dataclass(frozen=True)
class Step:
    """The skill on one task of a ladder, and the word for it: learned, partly or not."""

    task: str
    ability: str
    skill: float
    word: str


@dataclass(frozen=True)
class Climb:
    """A model's climb: the sha256 of the test set, the number of training rows, and its steps, the simplest first."""

    model: str
    data_sha256: str
    rows: int
    steps: tuple[Step, ...]


def climbs_path(release: str, checkpoints: Path | None = None) -> Path:
    """Return the path of a release's climbs, existing or not, beside the releases of a folder, by default the usual."""
    return (checkpoints or checkpoints_folder()) / "ladder" / f"{release}.json"


def find_climbs(release: str, data_sha256: str, checkpoints: Path | None = None) -> dict[str, Climb]:
    """Return the kept climbs of a release by model, those on the test set with this sha256; none if none are kept.

    Raises:
        IntegrityError: the file holds something else.
    """
    path = climbs_path(release, checkpoints)
    if not path.is_file():
        return {}
    climbs = load_kept(path, _read_climb, "climbs of a ladder", f"ladder linear mlp --release {release} --out {path}")
    return {climb.model: climb for climb in climbs if climb.data_sha256 == data_sha256}


def _read_climb(values: dict[str, Any]) -> Climb:
    names = ("task", "ability", "skill", "word")
    steps = [Step(*(rung[name] for name in names)) for rung in values["rungs"]]
    if not all(isinstance(step.skill, int | float) and isinstance(step.word, str) for step in steps):
        raise TypeError(f"the skills of {values['model']} must be numbers, each with a word")
    return Climb(values["model"], values["data_sha256"], int(values["rows"]), tuple(steps))
