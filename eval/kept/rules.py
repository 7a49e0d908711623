"""The kept trials of the learning rules of a release: read, written, summed up as baselines, and compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.kept.figures import LABELS, SeedSummary, Spread, describe_shift, load_kept
from eval.names import RULES
from ld_data.errors import MissingDataError
from ld_data.settings import checkpoints_folder
from ld_data.storage.staging import stage_file


@dataclass(frozen=True)
class RuleTrial:
    """A training of a learning rule from one seed.

    Attributes:
        version: of the rule's code, `eval.rules.Network.version`.
        plan: the fields of `eval.rules.RulePlan`.
        data_sha256: of the test set, as in `Score`.
        train_sha256: of the training rows.
        null, floor: as in `Score`, and `mse` to `decoded_accuracy` too.
        parameters: the number of learned values.
        macs_per_row: multiply-accumulates by the parts of `eval.report.cost.Work`; None if they cannot be counted.
        memory_bytes: the most that a suggestion for a batch holds.
        skills: on the held-out training rows, at the end of each epoch.
        cpu_seconds: up to the end of each epoch.
        alignment: steps, and for each of them the cosines, ratios and angles of `eval.report.alignment.Probe`, the
            layers in order; None for a rule without a gradient to compare with.
    """

    rule: str
    plan: Mapping[str, Any]
    seed: int
    release: str
    data_sha256: str
    train_sha256: str
    train_rows: int
    null: float
    floor: float
    mse: float
    noise_free_mse: float
    skill: float
    decoded_accuracy: float
    parameters: int
    macs_per_row: Mapping[str, float] | None
    memory_bytes: int
    skills: Sequence[float]
    cpu_seconds: Sequence[float]
    alignment: Mapping[str, Sequence[Any]] | None
    version: int = 1

    @property
    def conditions(self) -> tuple[Any, ...]:
        """The rule, its version and plan, and the data: with the seed, what the trial depends on."""
        return self.rule, self.version, self.plan, self.data_sha256, self.train_sha256


def trials_path(release: str, checkpoints: Path | None = None) -> Path:
    """Return the path of a release's trials, existing or not, beside the releases of a folder, by default the usual."""
    return (checkpoints or checkpoints_folder()) / "rules" / f"{release}.json"


def add_trial(trial: RuleTrial, path: Path) -> None:
    """Add a trial to a JSON file, a line each, and drop those that it makes obsolete.

    These are the one of the same rule and seed, and all of the rule under other conditions. Raises as `load_trials`.
    """
    with stage_file(path) as draft:
        known = load_trials(path) if path.exists() else []
        kept = [own for own in known if own.rule != trial.rule or own.conditions == trial.conditions]
        kept = [own for own in kept if (own.rule, own.seed) != (trial.rule, trial.seed)]
        ordered = sorted([*kept, trial], key=lambda own: (own.rule, own.seed))
        lines = ",\n".join(json.dumps(asdict(own), separators=(",", ":"), allow_nan=False) for own in ordered)
        draft.write_text(f"[\n{lines}\n]\n", "utf-8")


def load_trials(path: Path) -> list[RuleTrial]:
    """Return the trials in a file of `add_trial`; raises as `load_kept`."""
    return load_kept(path, _read_trial, "trials of rules", f"rules {path.stem} --out {path.parent}")


def _read_trial(values: dict[str, Any]) -> RuleTrial:
    trial = RuleTrial(**values)
    if trial.rule not in RULES:
        raise ValueError(f"no learning rule {trial.rule!r}")
    figures = [getattr(trial, name) for name in ("null", "floor", *LABELS)]
    if not all(isinstance(figure, int | float) for figure in figures):
        raise TypeError(f"the figures of {trial.rule}, seed {trial.seed}, must be numbers; received {figures}")
    return trial


def find_trials(
    release: str, data_sha256: str, checkpoints: Path | None = None, only: Sequence[str] | None = None
) -> list[RuleTrial]:
    """Return the kept trials of a release, of all rules or some, that were measured on the test set with this sha256.

    Raises:
        MissingDataError: there are none, or not of each of these.
        IntegrityError: the file holds something else.
    """
    path = trials_path(release, checkpoints)
    trials = [trial for trial in load_trials(path) if trial.data_sha256 == data_sha256]
    if not trials:
        raise MissingDataError(
            f"the trials at {path} are of another version of {release}. "
            f"`python -m eval rules {release} --out {path.parent}` measures them anew."
        )
    if missing := set(only or ()) - {trial.rule for trial in trials}:
        names = " ".join(sorted(missing))
        raise MissingDataError(
            f"{path} has no trials of {names}. "
            f"`python -m eval rules {release} --only {names} --out {path.parent}` measures them."
        )
    return [trial for trial in trials if only is None or trial.rule in only]


def summarise(trials: Sequence[RuleTrial]) -> SeedSummary:
    """Return the figures of a rule's trials over their seeds."""
    spreads = {name: Spread.of([getattr(trial, name) for trial in trials]) for name in LABELS}
    return SeedSummary(trials[0].release, trials[0].data_sha256, **spreads, n=len(trials))


def find_differences(trials: Sequence[RuleTrial], kept: Sequence[RuleTrial]) -> list[str]:
    """Return a sentence for each rule whose figures over seeds differ from the kept ones by more than their spread.

    The kept ones are those of the same seeds, and the spread is that over all kept seeds. Parameters and work are
    compared exactly.
    """
    sentences = []
    for rule in dict.fromkeys(trial.rule for trial in trials):
        new, known = ([own for own in some if own.rule == rule] for some in (trials, kept))
        old = [own for own in known if own.seed in {trial.seed for trial in new}]
        if len(old) < len(new):
            seeds = ", ".join(str(own.seed) for own in known) or "none"
            sentences.append(f"{rule} has no kept trial of each of these seeds; it has those of {seeds}.")
        elif new[0].conditions != old[0].conditions:
            sentences.append(f"{rule} was measured with another plan, or on another version of {new[0].release}.")
        else:
            for name in ("parameters", "macs_per_row"):
                found, expected = getattr(new[0], name), getattr(old[0], name)
                sentences.append(f"{rule}: {name} is {found}, committed {expected}." if found != expected else "")
            own, same, every = (_spread_figures(some) for some in (new, old, known))
            if own.keys() != every.keys():
                sentences.append(f"{rule} has an alignment of other layers than the kept one.")
            for name in [name for name in own if name in every]:
                allowed = Spread(same[name].mean, every[name].std)
                sentences.append(describe_shift(f"{rule}: {name}", own[name], allowed))
    return [sentence for sentence in sentences if sentence]


def _spread_figures(trials: Sequence[RuleTrial]) -> dict[str, Spread]:
    """Return the figures of a rule over its seeds: scores, and the cosine of each layer at the last probe."""
    spreads = {name: Spread.of([getattr(trial, name) for trial in trials]) for name in LABELS}
    cosines = [trial.alignment["cosines"][-1] if trial.alignment else () for trial in trials]
    for layer, own in enumerate(zip(*cosines, strict=True), 1):
        if None not in own:
            spreads[f"last cosine of layer {layer}"] = Spread.of(own)
    return spreads
