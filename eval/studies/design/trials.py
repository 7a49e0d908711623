"""Trials of studies: kept in JSON files, each one added once it is done, and read by the claims and pictures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from eval.kept.figures import Spread, describe_shift, load_kept
from ld_data.errors import InputError
from ld_data.settings import checkpoints_folder
from ld_data.storage.staging import stage_file
from ld_data.typing import Array, Doubles

AXIS = "at"
PLACES = "place_"  # curves of such names are points of a picture, and no figures
DIGITS = 5


@dataclass(frozen=True)
class Outcome:
    """The results of one run of an arm.

    Attributes:
        figures: numbers by name.
        curves: lists by name, all as long as the one named "at", their common axis.
    """

    figures: Mapping[str, float]
    curves: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Trial:
    """One run of an arm of a study.

    Attributes:
        seed: of all that is random in it.
        protocol: "full" or "quick", and the settings of the run.
        inputs_sha256: of the data.
        engine: that trains; each draws other weights from the same seed, or rounds differently.
        figures, curves: as in `Outcome`, with five digits.
        cpu_seconds: of the processor.
    """

    study: str
    arm: str
    seed: int
    protocol: str
    inputs_sha256: str
    engine: str
    figures: dict[str, float]
    curves: dict[str, list[float]]
    cpu_seconds: float

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Its place in a file: study, arm, protocol and seed."""
        return self.study, self.arm, self.protocol, self.seed

    @property
    def origin(self) -> tuple[str, str, str]:
        """The conditions under which trials compare: protocol, data and engine."""
        return self.protocol, self.inputs_sha256, self.engine

    def list_values(self) -> dict[str, float]:
        """Return all figures and points of curves but places, by the names that `find` takes."""
        values = dict(self.figures)
        for name, curve in self.curves.items():
            if name != AXIS and not name.startswith(PLACES):
                values |= {f"{name}@{at:g}": value for at, value in zip(self.curves[AXIS], curve, strict=True)}
        return values

    def find(self, name: str) -> float:
        """Return a figure, or the point of a curve: `test_error@16` is that at 16; raise `KeyError` without it."""
        curve, _, place = name.partition("@")
        if not place:
            return self.figures[name]
        axis = self.curves[AXIS]
        if float(place) not in axis:
            raise KeyError(name)
        return self.curves[curve][axis.index(float(place))]


def compare(places: Sequence[float], draws: Array, theory: Sequence[float]) -> dict[str, list[float]]:
    """Return curves over places: the means of draws `(places, draws)`, their standard errors, and the theory."""
    errors = draws.std(axis=1, ddof=1) / np.sqrt(draws.shape[1])
    curves = {AXIS: places, "measured": draws.mean(axis=1), "error": errors, "theory": theory}
    return {name: [float(value) for value in values] for name, values in curves.items()}


def round_outcome(outcome: Outcome, name: str) -> Outcome:
    """Return an outcome with five digits; raise `InputError` if a value is not finite, with the `name` of the run."""

    def shorten(value: float, what: str) -> float:
        if not np.isfinite(value):
            raise InputError(
                f"{name}: {what} is {value}, so the training diverged. Leave it out with --seed or --only."
            )
        return float(f"{value:.{DIGITS}g}")

    figures = {what: shorten(value, what) for what, value in outcome.figures.items()}
    curves = {what: [shorten(value, what) for value in values] for what, values in outcome.curves.items()}
    return Outcome(figures, curves)


def trials_path(study: str, checkpoints: Path | None = None) -> Path:
    """Return the path of a study's kept trials, existing or not, in a folder of releases."""
    return (checkpoints or checkpoints_folder()) / "studies" / f"{study}.json"


def add_trial(trial: Trial, path: Path) -> None:
    """Add a trial to a JSON file, in place of one of the same key; raises as `load_trials`."""
    with stage_file(path) as draft:
        known = load_trials(path, trial.study) if path.exists() else []
        kept = {its.key: asdict(its) for its in [*known, trial]}
        lines = ",\n".join(json.dumps(kept[key], allow_nan=False) for key in sorted(kept))
        draft.write_text(f"[\n{lines}\n]\n", "utf-8")


def load_trials(path: Path, study: str) -> list[Trial]:
    """Return the trials of a study in a file of `add_trial`; raises as `load_kept`."""

    def read(values: dict[str, object]) -> Trial:
        trial = Trial(**values)  # type: ignore[arg-type]
        if trial.study != study:
            raise ValueError(f"expected trials of {study}; received one of {trial.study}")
        return trial

    return load_kept(path, read, f"trials of the study {study}", f"study {study} --out DIR")


class Results:
    """Trials of one study and protocol, by arm and seed."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials: dict[str, dict[int, Trial]] = {}
        for trial in sorted(trials, key=lambda trial: trial.key):
            self.trials.setdefault(trial.arm, {})[trial.seed] = trial

    def list_seeds(self, *arms: str) -> list[int]:
        """Return the seeds that all these arms have."""
        return sorted(set.intersection(*(set(self.trials.get(arm, ())) for arm in arms)))

    def read(self, arm: str, name: str, *others: str) -> Doubles:
        """Return a value `(s,)`, named as in `Trial.find`, for each of the s seeds that the arm and the others have."""
        return np.array([self.trials[arm][seed].find(name) for seed in self.list_seeds(arm, *others)])

    def read_curve(self, arm: str, name: str, *others: str) -> Doubles:
        """Return a curve `(s, points)` in the same way."""
        return np.array([self.trials[arm][seed].curves[name] for seed in self.list_seeds(arm, *others)])

    def read_axis(self, arm: str) -> Doubles:
        """Return the common axis `(points,)` of an arm's curves."""
        return np.array(next(iter(self.trials[arm].values())).curves[AXIS])


def check_kept(wanted: Sequence[Trial], kept: Sequence[Trial]) -> None:
    """Raise `InputError` unless there are kept trials of the same arms and seeds, protocol, data and engine."""
    for trial in wanted:
        same = [its for its in kept if (its.arm, its.seed) == (trial.arm, trial.seed)]
        if not any(its.origin == trial.origin for its in same):
            words = "; ".join(f"{its.protocol}, data {its.inputs_sha256[:8]}, {its.engine}" for its in same)
            raise InputError(
                f"expected a kept trial of {trial.study}, {trial.arm}, seed {trial.seed}: {trial.protocol}, data "
                f"{trial.inputs_sha256[:8]}, {trial.engine}; there is {words or 'none'}. Choose with --seed, --seeds "
                "and --only, or measure the study again."
            )


def find_differences(trials: Sequence[Trial], kept: Sequence[Trial]) -> list[str]:
    """Return a sentence for each figure or point whose mean differs from the kept one by more than its spread.

    All trials have passed `check_kept`. The spread is that of all kept seeds. A figure that a trial or its kept one
    lacks is a difference, too.
    """
    old, sentences = Results([trial for trial in kept if any(its.origin == trial.origin for its in trials)]), []
    for arm, its in Results(trials).trials.items():
        new = {seed: trial.list_values() for seed, trial in its.items()}
        known = {seed: trial.list_values() for seed, trial in old.trials[arm].items()}
        common = set.intersection(*(set(new[seed]) & set(known[seed]) for seed in new))
        for seed, own in new.items():
            for word, names in (("not kept", own.keys() - known[seed]), ("kept, but absent", known[seed].keys() - own)):
                if names:
                    sentences.append(f"{arm}, seed {seed}: {word}: {', '.join(sorted(names))}.")
        for name in filter(common.__contains__, next(iter(new.values()))):
            found, same = (Spread.of([side[seed][name] for seed in new]) for side in (new, known))
            spread = Spread(same.mean, Spread.of([own[name] for own in known.values() if name in own]).std)
            sentences.append(describe_shift(f"{arm}: {name}", found, spread, least=0.0))
    return [sentence for sentence in sentences if sentence]
