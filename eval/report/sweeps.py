"""The curves of a report: the trials in which one condition of the training changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eval.baselines.registry import step_rate
from eval.curves import ROWS
from eval.report.trials import Trial
from eval.rules.network import RulePlan
from ld_data.errors import InputError
from ld_data.release.dataset import LatentDataset, subset

EPOCHS = 5  # at most, but for the curve over training rows, which has those of the plan
SEEDS = 3  # at most
DEPTHS = (1, 2, 4, 8)
WIDTHS = (16, 64, 256)
X_NOISE = (0.0, 0.25, 0.5, 1.0)
LABEL_NOISE = (0.0, 0.1, 0.2, 0.4)
BATCHES = (1, 8, 128)
STREAM_BATCH = 8  # rows, at most
LABELS = {
    "rows": "training rows",
    "depth": "hidden layers",
    "width": "units of each hidden layer",
    "x_noise": "noise on x (standard deviation)",
    "label_noise": "share of training rows with the y of others",
    "batch_rows": "rows of a batch",
}
CURVES = tuple(LABELS)
RETUNED = ("rows", "depth", "width")  # with a learning rate for each value


@dataclass(frozen=True)
class Sweep:
    """A curve of a rule to measure: the trials of each value, one for each seed; a function has no epochs."""

    name: str
    values: tuple[float, ...]
    epochs: int | None
    trials: tuple[tuple[Trial, ...], ...]


def make_sweep(name: str, plain: Trial, seeds: Sequence[int], values: Sequence[float]) -> Sweep:
    """Return the trials of a curve: those of a plain trial, with another value of the condition."""
    own = plain.plan.epochs
    plan = replace(plain.plan, epochs={"rows": own, "batch_rows": 1}.get(name, min(EPOCHS, own)))
    rows = [
        tuple(replace(vary(name, value, replace(plain, plan=plan)), seed=seed) for seed in seeds) for value in values
    ]
    return Sweep(name, tuple(values), plan.epochs, tuple(rows))


def change_rate(trial: Trial, rate: float) -> Trial:
    """Return a trial at another learning rate."""
    return replace(trial, plan=replace(trial.plan, learning_rate=rate))


def list_near_rates(trial: Trial) -> list[float]:
    """Return the learning rate of a trial and its neighbours on the grid."""
    return [step_rate(trial.plan.learning_rate, steps) for steps in (-1, 0, 1)]


def make_stream(plain: Trial, kind: str) -> Trial:
    """Return a trial along a stream, in small batches, at a learning rate that follows from that of a plain trial."""
    small = vary("batch_rows", min(STREAM_BATCH, plain.plan.batch_rows), plain)
    return replace(small, stream=kind, may_fail=True)


def vary(name: str, value: float, trial: Trial) -> Trial:
    """Return a trial with another value of one condition.

    With other batches the learning rate follows the square root of their rows (Malladi et al., "On the SDEs and scaling
    rules for adaptive gradient algorithms", NeurIPS 2022).
    """
    plan, number = trial.plan, int(value)
    if name == "depth":
        return replace(trial, plan=replace(plan, units=(plan.units[0],) * number))
    if name == "width":
        return replace(trial, plan=replace(plan, units=(number,) * len(plan.units)))
    if name == "batch_rows":
        rate = plan.learning_rate * (number / plan.batch_rows) ** 0.5
        return replace(trial, plan=replace(plan, batch_rows=number, learning_rate=rate))
    if name == "rows":
        if number == trial.rows:
            return trial  # that of the figures, so that all rows are trained on once
        return replace(trial, rows=number, probes=0, keeps=False, may_fail=True)
    return replace(trial, x_noise=value) if name == "x_noise" else replace(trial, label_noise=value)


def list_values(
    data: LatentDataset, plan: RulePlan, rows: Sequence[int] | None, names: Sequence[str] = CURVES
) -> dict[str, Sequence[float]]:
    """Return the values of each named curve; a plan without hidden layers has no depth and no width to change.

    `rows` are those of the first curve, by default 300, 1,000, 3,000 and so on to all, as far as they have all classes.

    Raises:
        InputError: there are not so many rows, or so few that a class has none.
    """
    batches = sorted({*BATCHES, plan.batch_rows})
    values: dict[str, Sequence[float]] = {
        "rows": _list_rows(data, rows) if "rows" in names else (),
        "depth": DEPTHS if plan.units else (),
        "width": sorted({*WIDTHS, plan.units[0]}) if plan.units else (),
        "x_noise": X_NOISE,
        "label_noise": LABEL_NOISE,
        "batch_rows": [count for count in batches if count <= plan.batch_rows],
    }
    return {name: values[name] for name in names if values[name]}


def _list_rows(data: LatentDataset, rows: Sequence[int] | None) -> list[int]:
    """Return the numbers of training rows that a curve goes through; raises as `list_values`."""
    counts = []
    for count in rows or [*(count for count in ROWS if count < len(data.train)), len(data.train)]:
        try:
            subset(data, count)
        except InputError as error:
            if rows or count == len(data.train):
                raise InputError(f"the curve over training rows cannot be measured: {error}") from error
        else:
            counts.append(count)
    return counts
