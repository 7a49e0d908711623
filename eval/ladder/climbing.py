"""A model's climb of a ladder: the skill on each control task, and a word that says whether the ability was learned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from eval.ladder.tasks import Task, make_ladder
from eval.predictions import BATCH_ROWS, Model, predict
from eval.score import measure_skill, row_errors, write_with_error
from ld_data.checks import check_integer
from ld_data.cli.table import format_table
from ld_data.errors import InputError
from ld_data.progress import show_progress
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Floats

NOT_LEARNED = 0.5  # an ability counts as not learned below this skill, and as partly learned between the two

Fit: TypeAlias = Callable[[Floats, Floats, int], Model]
FitDataset: TypeAlias = Callable[[LatentDataset, int], Model]


@dataclass(frozen=True)
class Rung:
    """The result of a model on a task, of which it repeats some fields.

    Attributes:
        null, optimum, mse: MSE on the test rows of the null, of the best model, and of the model.
        skill: (null - mse) / (null - optimum): 0 for the null, 1 for the best model.
        skill_standard_error: of the skill, from its spread over rows.
        word: the skill in a word: learned, partly, or not.
    """

    task: str
    ability: str
    null: float
    optimum: float
    mse: float
    skill: float
    skill_standard_error: float
    learned_from: float
    word: str = field(init=False)

    def __post_init__(self) -> None:
        """Put the skill in a word."""
        word = "learned" if self.skill >= self.learned_from else "not" if self.skill < NOT_LEARNED else "partly"
        object.__setattr__(self, "word", word)


def climb(
    fit: Fit,
    data: LatentDataset,
    seed: int = 0,
    *,
    twists: Sequence[int] | None = None,
    batch_rows: int = BATCH_ROWS,
) -> list[Rung]:
    """Return the result of a learning rule on each task of `make_ladder`, a progress bar on stderr.

    `fit(x_train, y_train, seed)` learns from `(n, d)` float32 arrays, its own copies, and returns a model as `evaluate`
    takes it: a function of x, an object with predict, or a PyTorch module. An exception from `fit` comes through with a
    note that names the task.

    Raises:
        InputError: if `fit` returns no such model; or as `make_ladder`.
    """

    def fit_dataset(task: LatentDataset, seed: int) -> Model:
        return fit(task.train.x, task.train.y, seed)

    tasks = show_progress(make_ladder(data, seed, twists), "ladder", unit="task")
    return [climb_task(fit_dataset, data, task, seed, batch_rows) for task in tasks]


def climb_task(fit: FitDataset, data: LatentDataset, task: Task, seed: int, batch_rows: int = BATCH_ROWS) -> Rung:
    """Return the result on one task of `make_ladder`; raises as `climb`.

    `fit(data, seed)` learns from a dataset with labels, as baselines do.
    """
    model = run_fit(fit, task.apply_to(data), seed)
    # the model predicts new arrays, since `fit` may have written into its own
    errors = row_errors(predict(model, task.apply_to(data), batch_rows=batch_rows).values, task.y_test)
    skill = measure_skill(errors, task.null_errors, task.best_errors)
    null, optimum, mse = (float(rows.mean()) for rows in (task.null_errors, task.best_errors, errors))
    return Rung(task.name, task.ability, null, optimum, mse, *skill, task.learned_from)


def run_fit(fit: FitDataset, data: LatentDataset, seed: int) -> Model:
    """Return the model of a fit; an exception comes through with a note that names the data.

    Raises:
        InputError: if it is no model as `evaluate` takes it.
    """
    try:
        model = fit(data, seed)
    except Exception as error:
        error.add_note(f"raised while the model was fitted to {data.name}, seed {seed}")
        raise
    if not callable(model) and not callable(getattr(model, "predict", None)):
        raise InputError(f"fit must return a function of x or an object with predict; returned {type(model).__name__}.")
    return model


def describe_gaps(name: str, rungs: Sequence[Rung]) -> str:
    """Return a sentence with the first abilities that the model of that name lacks."""
    gaps = [f"to {rung.ability} ({rung.word})" for rung in rungs if rung.word != "learned"]
    if not gaps:
        return f"{name} lacks none of these abilities."
    more = f"; and {len(gaps) - 2} more" if len(gaps) > 2 else ""
    return f"{name} lacks these abilities first: {'; '.join(gaps[:2])}{more}."


def format_rungs(rungs: Sequence[Rung]) -> str:
    """Return a table of rungs, a line each."""
    rows = [
        (rung.task, rung.ability, write_with_error(rung.skill, rung.skill_standard_error, 3), rung.word)
        for rung in rungs
    ]
    return format_table(("task", "ability", "skill", ""), rows, "llrl")


def keep_rows(data: LatentDataset, rows: int) -> LatentDataset:
    """Return a dataset with the first `rows` training rows, two at least, or all if it has fewer."""
    check_integer("rows", rows, 2, 2**63 - 1)
    return replace(data, train=data.train.take(rows))
