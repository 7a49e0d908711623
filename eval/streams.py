"""Streams: a rule learns from each training row once, in random order, class after class, or while x turns slowly.

A stream has no end that the rule knows, and no rows to hold out. So Adam keeps the learning rate of the plan, the
epochs of the plan do not count, and the last weights are the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeAlias, TypeVar

import numpy as np

from eval.ladder.rotations import draw_turn, turn
from eval.predictions import predict
from eval.rules.network import Adam, Network, RulePlan, draw_batches, take_steps
from eval.score import RowFigures, measure_rows, measure_skill, write_figure
from ld_data.checks import check_integer, check_number
from ld_data.cli.table import format_table
from ld_data.errors import InputError
from ld_data.extras import import_library
from ld_data.noise import check_seed
from ld_data.progress import show_progress
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Array, Floats, Integers

MEASUREMENTS = 10  # along one pass, but for the one before it
TASKS = 5
MAX_TURN = 36_000.0  # degrees: a hundred full turns

Matrix: TypeAlias = tuple[tuple[float, ...], ...]
T = TypeVar("T")


@dataclass(frozen=True)
class PassResult:
    """The skill of a rule along one pass over the training rows.

    Attributes:
        turned: the angle between x and its turned copy at the end, in degrees; 0 for a pass without drift.
        rows: the numbers of rows that were learned at each measurement: none, a tenth, and so on up to all.
        skill: on the test rows, whose x is turned as that of the stream at this moment.
        final_skill, average_skill: at the end; and the mean of all measurements but that of the untrained network.
    """

    release: str
    turned: float
    rows: tuple[int, ...]
    skill: tuple[float, ...]
    final_skill: float = field(init=False)
    average_skill: float = field(init=False)

    def __post_init__(self) -> None:
        """Summarise the skills."""
        object.__setattr__(self, "final_skill", self.skill[-1])
        object.__setattr__(self, "average_skill", float(np.mean(self.skill[1:])))

    def __str__(self) -> str:
        """Return a small table."""
        drift = f", x turns by {self.turned:g} degrees" if self.turned else ""
        skills = ("skill", *(write_figure(skill, 3) for skill in self.skill))
        table = format_table(("rows", *map(str, self.rows)), [skills], "l" + "r" * len(self.rows))
        final, average = write_figure(self.final_skill, 3), write_figure(self.average_skill, 3)
        return f"{self.release}, one pass{drift}\n{table}\nfinal {final}, average {average}"


@dataclass(frozen=True)
class TaskFigures:
    """A figure on the test rows of each task along a stream of tasks, and its summaries.

    Attributes:
        matrix: `matrix[i][j]` is the figure on task j after the first i tasks: T + 1 rows of T figures.
        average: of the last row.
        forgetting: the best figure on a task before the last task was learned, minus the figure at the end; the mean
            over all tasks but the last (Chaudhry et al., "Riemannian walk for incremental learning", ECCV 2018).
        forward_transfer: the figure on a task when it is the next to come, minus that of the untrained network; the
            mean over all tasks but the first (Lopez-Paz and Ranzato, "Gradient episodic memory", NeurIPS 2017).
    """

    matrix: Matrix
    average: float = field(init=False)
    forgetting: float = field(init=False)
    forward_transfer: float = field(init=False)

    def __post_init__(self) -> None:
        """Summarise the matrix."""
        values = np.array(self.matrix)
        start, *between, end = values
        gains = np.diagonal(values[1:-1], 1) - start[1:]
        object.__setattr__(self, "average", float(end.mean()))
        object.__setattr__(self, "forgetting", float((np.max(between, axis=0) - end)[:-1].mean()))
        object.__setattr__(self, "forward_transfer", float(gains.mean()))


@dataclass(frozen=True)
class ClassesResult:
    """How a rule learns classes that come in tasks, one after another, without a mark of the task.

    Attributes:
        classes: of each task.
        rows: the training rows of each task that were learned.
        skill: on the test rows of each task.
        accuracy: share of the test rows of each task whose predictions decode to the true one of all classes.
    """

    release: str
    classes: tuple[tuple[int, ...], ...]
    rows: tuple[int, ...]
    skill: TaskFigures
    accuracy: TaskFigures

    def __str__(self) -> str:
        """Return two small tables."""
        tasks = [", ".join(map(str, own)) for own in self.classes]
        lines = [
            (task, *(write_figure(value, 3) for value in values))
            for task, values in zip(["nothing", *tasks], self.accuracy.matrix, strict=True)
        ]
        names = ("average", "forgetting", "forward_transfer")
        summaries = [
            (title, *(write_figure(getattr(own, name), 3) for name in names))
            for title, own in (("decoded accuracy", self.accuracy), ("skill", self.skill))
        ]
        return (
            f"{self.release}, {len(tasks)} tasks, each once; decoded accuracy on the test rows of each task\n"
            f"{format_table(('after', *tasks), lines, 'l' + 'r' * len(tasks))}\n"
            f"{format_table(('', 'average', 'forgetting', 'forward transfer'), summaries, 'lrrr')}"
        )


def learn_pass(
    network: Network, data: LatentDataset, plan: RulePlan, seed: int, title: str, turned: float = 0.0
) -> PassResult:
    """Return the skill of a network along one pass over the training rows, under a progress bar with that title.

    No row repeats; those beyond the last full batch are left out. With `turned`, x drifts: it turns from 0 to so many
    degrees along a path in SO(d), which keeps N(0, I) exact (`eval.ladder.rotations.turn`). The seed draws the order of
    the rows and the path. The network is trained by its rule, and keeps its last weights.

    Raises:
        InputError: the seed or the angle is out of range, the rows do not fill a batch, or the predictions are not
            finite.
    """
    random = np.random.default_rng(check_seed(seed))
    angle = np.radians(check_number("turned", turned, MAX_TURN))
    batches = _draw(np.arange(len(data.train)), plan, random, data.name)
    order = np.concatenate(batches)
    x, generator = data.train.x.copy(), draw_turn(data.latent_dim, seed)
    x[order] = turn(x[order], generator, angle * np.arange(len(order)) / len(order))
    ends = np.linspace(0, len(batches), min(MEASUREMENTS, len(batches)) + 1).round().astype(int).tolist()
    rows = [end * len(batches[0]) for end in ends]

    def measure(part: int) -> float:
        here = turn(data.test.x, generator, angle * rows[part] / len(order)).astype(np.float32)
        figures = _measure(network, replace(data, test=replace(data.test, x=here)))
        return measure_skill(figures.error, figures.null, figures.floor)[0]

    parts = [batches[first:last] for first, last in pairwise(ends)]
    skills = _follow(network, (x, data.train.y), parts, plan, title, measure)
    return PassResult(data.name, float(turned), tuple(rows), tuple(skills))


def learn_classes(
    network: Network, data: LatentDataset, plan: RulePlan, seed: int, title: str, tasks: int = TASKS
) -> ClassesResult:
    """Return how a network learns the classes in order, under a progress bar with that title.

    The classes are cut into so many tasks, as 0 and 1, then 2 and 3, and so on; each training row comes once, but for
    those beyond the last full batch of a task. The seed draws the order of the rows in a task. Nothing marks a task for
    the network, and any class may be the answer: the class-incremental scenario of van de Ven and Tolias, "Three
    scenarios for continual learning", 2019.

    Raises:
        InputError: the seed is out of range, there are fewer tasks than 2 or more than classes, the training rows of a
            task do not fill a batch or it has no test rows, or the predictions are not finite.
    """
    random = np.random.default_rng(check_seed(seed))
    check_integer(f"the number of tasks, for {data.classes} classes,", tasks, 2, data.classes)
    classes = [tuple(own.tolist()) for own in np.array_split(np.arange(data.classes), tasks)]
    parts, places = [], list[Array]()
    for own in classes:
        name = f"the task of classes {', '.join(map(str, own))} of {data.name}"
        parts.append(_draw(np.flatnonzero(np.isin(data.train.label, own)), plan, random, name))
        places.append(np.isin(data.test.label, own))
        if not places[-1].any():
            raise InputError(f"{name} has no test rows. Take fewer tasks.")

    def measure(_part: int) -> list[tuple[float, float]]:
        figures = _measure(network, data)
        return [
            (
                measure_skill(figures.error[own], figures.null[own], figures.floor[own])[0],
                float(figures.hit[own].mean()),
            )
            for own in places
        ]

    moments = np.array(_follow(network, (data.train.x, data.train.y), parts, plan, title, measure))
    skill, accuracy = (TaskFigures(tuple(map(tuple, moments[:, :, own].tolist()))) for own in (0, 1))
    rows = tuple(sum(map(len, batches)) for batches in parts)
    return ClassesResult(data.name, tuple(classes), rows, skill, accuracy)


def _draw(rows: Integers, plan: RulePlan, random: np.random.Generator, name: str) -> list[Integers]:
    """Return batches of rows; raise `InputError` if they do not fill one."""
    if len(rows) < plan.batch_rows:
        raise InputError(
            f"{name} must have the {plan.batch_rows} training rows of a batch or more; it has {len(rows)}. Take more "
            "rows, or smaller batches."
        )
    return draw_batches(rows, plan.batch_rows, random)


def _follow(
    network: Network,
    pairs: tuple[Floats, Floats],
    parts: Sequence[Sequence[Integers]],
    plan: RulePlan,
    title: str,
    measure: Callable[[int], T],
) -> list[T]:
    """Return what is measured before the first part of a stream of x and y `(n, d)`, and after each part."""
    optimizer, results = Adam(network.weights), [measure(0)]
    with import_library("threadpoolctl").threadpool_limits(1):
        for part, batches in enumerate(show_progress(parts, title), 1):
            take_steps(network, optimizer, *pairs, batches, [plan.learning_rate] * len(batches))
            results.append(measure(part))
    return results


def _measure(network: Network, data: LatentDataset) -> RowFigures:
    return measure_rows(predict(network, data), data)
