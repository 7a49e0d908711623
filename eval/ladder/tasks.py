"""The control tasks of a ladder: each needs one ability, and its best possible MSE is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from eval.ladder.rotations import draw_orthogonal, draw_twists, twist
from eval.score import row_errors
from ld_data.noise import check_seed, make_normals, make_uniforms
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Array, Doubles, Floats

LEARNED = 0.95  # an ability counts as learned from this skill
CLASSES_LEARNED = 0.85  # the same for class maps: x leaves the class a little open, and good models reach about 0.9
LOW_RANK = 8
TEACHER_UNITS = 32  # of each of its two hidden layers
TEACHER_GAIN = 1.5  # std of the input to a unit, for x of std 1: too nonlinear for a linear map
NOISE_SCALES = (0.0, 0.25, 0.5, 1.0)

FIRST_STREAM = 1 << 43  # one stream for each draw, apart from the streams of latents and of the health report

Map: TypeAlias = Callable[[Array], Array]


@dataclass(frozen=True)
class Task:
    """A control task: another y for the x of a dataset, row by row, or another x for its y.

    Attributes:
        ability: the ability that it needs, in one line.
        y_train, y_test: `(n, d)` float32.
        y_best: the answers `(n_test, d)` of the best model. For the class maps that is the oracle that knows the class,
            which x leaves a little open.
        learned_from: skill from which the ability counts as learned.
        change_x: returns the x of the task `(n, d)` float32, a new array, from those of the dataset.
    """

    name: str
    ability: str
    y_train: Floats
    y_test: Floats
    y_best: Array
    learned_from: float = LEARNED
    change_x: Map = np.copy

    @property
    def null_errors(self) -> Doubles:
        """The squared error of each test row `(n_test,)` of the model that answers the mean of the training y."""
        return row_errors(self.y_train.mean(axis=0, dtype=np.float64), self.y_test)

    @property
    def best_errors(self) -> Doubles:
        """The squared error of each test row `(n_test,)` of the best model: 0 where y is a function of x."""
        return row_errors(self.y_best, self.y_test)

    def apply_to(self, data: LatentDataset) -> LatentDataset:
        """Return `data` with the x and y of this task, in copies in case a model writes into them."""
        train = replace(data.train, x=self.change_x(data.train.x), y=self.y_train.copy())
        test = replace(data.test, x=self.change_x(data.test.x), y=self.y_test.copy())
        return replace(data, name=f"{data.name}, task {self.name}", train=train, test=test, manifest=None)


def make_ladder(data: LatentDataset, seed: int = 0, twists: Sequence[int] | None = None) -> list[Task]:
    """Return the control tasks for a dataset, the simplest first, or the rungs twist-k alone for each k in `twists`.

    They are the same for the same seed.

    Raises:
        InputError: the seed or a k is out of range; or as `draw_twists`.
    """
    d = data.latent_dim
    if twists is not None:
        return [_make_twist_task(count, data, seed) for count in twists]
    order = np.argsort(make_uniforms(check_seed(seed), FIRST_STREAM, 0, 1, d)[0])
    rotation, read, write = (draw_orthogonal(d, seed, FIRST_STREAM + number) for number in (1, 2, 3))
    rank = max(1, min(LOW_RANK, d // 2))
    low_rank = read[:, :rank] @ write[:, :rank].T  # y has variance 1 along `rank` directions, and none along the others
    maps: dict[str, tuple[str, Map]] = {
        "identity": ("copy the input", lambda x: x),
        "permutation": ("carry each component to another place", lambda x: x[:, order]),
        "rotation": ("mix all components linearly", lambda x: x @ rotation),
        "low rank": ("find the few directions that matter", lambda x: x @ low_rank),
        "teacher": ("follow a smooth nonlinear map", _make_teacher(data.train.x, seed)),
    }
    tasks = []
    for name, (ability, answer) in maps.items():
        train, test = (answer(split.x.astype(np.float64)).astype(np.float32) for split in (data.train, data.test))
        tasks.append(Task(name, ability, train, test, test))
    tasks += [_make_class_task(scale, data) for scale in NOISE_SCALES]
    counts = sorted({max(1, d // 8), d // 2}) if d > 2 else []  # some components, and each once; of two none is left
    return tasks + [_make_twist_task(count, data, seed) for count in counts]


def _make_teacher(x_train: Array, seed: int) -> Map:
    """Return a random network as a function of x `(n, d)`: two hidden layers of 32 tanh units, and a linear layer.

    Each of its d outputs is standardised to mean 0 and variance 1 over `x_train` `(n, d)`.
    """
    d = x_train.shape[1]
    first, second, last = (
        make_normals(seed, FIRST_STREAM + number, 0, inputs, outputs) * (TEACHER_GAIN / np.sqrt(inputs))
        for number, (inputs, outputs) in enumerate(pairwise((d, TEACHER_UNITS, TEACHER_UNITS, d)), start=4)
    )

    def answer(x: Array) -> Array:
        return np.tanh(np.tanh(x @ first) @ second) @ last

    answers = answer(x_train)
    mean, std = answers.mean(axis=0), answers.std(axis=0)
    return lambda x: (answer(x) - mean) / std


def _make_class_task(scale: float, data: LatentDataset) -> Task:
    """Return the task whose y is the class mean plus `scale` times the noise of the dataset's y."""
    ability = f"tell the class through {scale:.0%} of the noise" if scale else "tell the class, without noise"
    best_train, best_test = (data.class_mean[split.label] for split in (data.train, data.test))
    y_train, y_test = (
        # for scale 1 y itself: the sum would differ in the last bit
        split.y if scale == 1 else (best + np.float32(scale) * (split.y - best)).astype(np.float32)
        for split, best in ((data.train, best_train), (data.test, best_test))
    )
    return Task(f"classes, noise {scale:g}", ability, y_train, y_test, best_test, CLASSES_LEARNED)


def _make_twist_task(count: int, data: LatentDataset, seed: int) -> Task:
    """Return the task whose x are those of the dataset after so many twists; y and the best answers stay."""
    twists = draw_twists(data.latent_dim, count, seed)
    return replace(
        _make_class_task(1, data),
        name=f"twist-{count}",
        ability=f"undo {count} twists of x, and tell the class",
        change_x=lambda x: twist(x, twists).astype(np.float32),
    )
