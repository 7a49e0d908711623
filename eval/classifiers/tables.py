"""Tables of classifiers: published accuracies beside those measured here, in trials that are kept and checked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from eval.kept.figures import Spread, describe_shift, load_kept
from ld_data.cli.table import format_table
from ld_data.errors import InputError, UnknownNameError
from ld_data.settings import checkpoints_folder
from ld_data.storage.staging import stage_file


@dataclass(frozen=True)
class Trial:
    """One training and test of a classifier.

    Attributes:
        sha256: of the inputs.
        seed: of the weights, of dropout, and of the order of the rows.
        parameters: the number of learned values.
        accuracy: share of test rows read right.
        backend: of Keras; each draws different weights from the same seed.
    """

    classifier: str
    inputs: str
    sha256: str
    seed: int
    epochs: int
    train_rows: int
    test_rows: int
    parameters: int
    accuracy: float
    backend: str


def summarise(trials: Sequence[Trial]) -> Spread:
    """Return the mean accuracy of trials, and its standard deviation."""
    return Spread.of([trial.accuracy for trial in trials])


def trials_path() -> Path:
    """Return the path of the trials of all tables, existing or not: some tables share trials."""
    return checkpoints_folder() / "classifiers.json"


def add_trials(trials: Sequence[Trial], path: Path) -> None:
    """Add trials to a JSON file, in place of those of the same inputs, classifier and seed; raises as `load_trials`."""
    with stage_file(path) as draft:
        known = [*(load_trials(path) if path.exists() else []), *trials]
        kept = {(trial.inputs, trial.classifier, trial.seed): asdict(trial) for trial in known}
        draft.write_text(json.dumps([kept[key] for key in sorted(kept)], indent=1) + "\n", "utf-8")


def load_trials(path: Path) -> list[Trial]:
    """Return the trials in a file of `add_trials`; raises as `load_kept`."""
    return load_kept(path, lambda values: Trial(**values), "trials of classifiers", f"reproduce TABLE --out {path}")


@dataclass(frozen=True)
class Cell:
    """One place in a table.

    Attributes:
        inputs: name of a source, or of a release for its latents.
        decoded, shuffled, train_rows: changes to the inputs, as in `eval.commands.options.InputOptions`.
        published: the accuracy that others published.
    """

    row: str
    column: str
    classifier: str
    inputs: str
    decoded: bool = False
    shuffled: bool = False
    train_rows: int | None = None
    published: float | None = None

    @property
    def examples(self) -> str:
        """The name of the examples, as `eval.classifiers.training` makes it."""
        first = "" if self.train_rows is None else f", first {self.train_rows}"
        return self.inputs + ", decoded" * self.decoded + ", shuffled" * self.shuffled + first

    def matches(self, trial: Trial) -> bool:
        """Return whether a trial belongs here."""
        return (trial.classifier, trial.inputs) == (self.classifier, self.examples)


@dataclass(frozen=True)
class Table:
    """A table: its title, the origin of the figures in brackets, and its cells in the order of rows and columns."""

    title: str
    origin: str
    cells: Sequence[Cell]

    def describe(self, trials: Sequence[Trial]) -> str:
        """Return the table as text, filled with the results of trials."""
        columns = list(dict.fromkeys(cell.column for cell in self.cells))
        words, counts = {}, set()
        for cell in self.cells:
            own = [trial for trial in trials if cell.matches(trial)]
            counts |= {len(own)} if own else set()
            published = "" if cell.published is None else f" ({100 * cell.published:g})"
            measured = f"{summarise(own):.2%}".replace("%", "") if own else "not measured"
            words[cell.row, cell.column] = f"{measured}{published}"
        names = dict.fromkeys(cell.row for cell in self.cells)
        rows = [(name, *(words.get((name, column), "") for column in columns)) for name in names]
        table = format_table(("", *columns), rows, "l" * (len(columns) + 1))
        seeds = " to ".join(map(str, sorted({min(counts, default=0), max(counts, default=0)})))
        meaning = f"% of the test rows read right, +- standard deviation; seeds: {seeds}"
        return "\n".join([self.title, table, meaning, self.origin])


def choose_rows(table: Table, rows: Sequence[str] | None) -> Table:
    """Return the table with some of its rows, or all; raise `UnknownNameError` for a row that it lacks."""
    names = list(dict.fromkeys(cell.row for cell in table.cells))
    if unknown := [row for row in rows or () if row not in names]:
        raise UnknownNameError(f"no row {unknown[0]!r} in this table. Known: {', '.join(names)}.")
    return replace(table, cells=[cell for cell in table.cells if rows is None or cell.row in rows])


def check_kept(cells: Sequence[Cell], seeds: Sequence[int], backend: str, kept: Sequence[Trial]) -> None:
    """Raise `InputError` for a cell without kept trials of these seeds, trained with that backend of Keras."""
    for cell in cells:
        known = {(trial.seed, trial.backend) for trial in kept if cell.matches(trial)}
        if not known >= {(seed, backend) for seed in seeds}:
            words = ", ".join(f"{seed} ({own})" for seed, own in sorted(known)) or "none"
            raise InputError(
                f"expected kept trials of {cell.classifier} on {cell.examples} with {backend} and seeds from "
                f"{seeds[0]} to {seeds[-1]}; there are {words}. Choose with KERAS_BACKEND, --seed, --seeds and --only."
            )


def find_differences(trials: Sequence[Trial], kept: Sequence[Trial]) -> list[str]:
    """Return a sentence for each mean that differs from that of the kept trials by more than their spread.

    All trials have passed `check_kept`.
    """
    sentences = []
    for key in dict.fromkeys((trial.classifier, trial.inputs) for trial in trials):
        new, old = ([it for it in known if (it.classifier, it.inputs) == key] for known in (trials, kept))
        name, repeated = " on ".join(key), {(trial.seed, trial.backend) for trial in new}
        if new[0].sha256 != old[0].sha256:
            sentences.append(f"{name} was measured on another version.")
        elif (new[0].epochs, new[0].train_rows) != (old[0].epochs, old[0].train_rows):
            sentences.append(f"{name} was measured with other epochs or rows.")
        else:
            same = summarise([trial for trial in old if (trial.seed, trial.backend) in repeated])
            spread = replace(same, std=summarise(old).std)
            sentences.append(describe_shift(f"{name}: accuracy", summarise(new), spread))
    return [sentence for sentence in sentences if sentence]


def _fill(
    column: str, inputs: str, published: Mapping[str, float | None], *, prefix: str = "", **options: Any
) -> list[Cell]:
    """Return a column: the cells of classifiers on the same inputs, with their published accuracies."""
    return [
        Cell(f"{prefix}{name}", column, name, inputs, published=accuracy, **options)
        for name, accuracy in published.items()
    ]


def _compare_latents(source: str, release: str, *names: str) -> list[Cell]:
    """Return the cells of classifiers on raw inputs, on decoded x, and, but for the last classifier, on x."""
    readers, prefix = dict.fromkeys(names), f"{source}:"
    raw = _fill("raw", source, readers, prefix=prefix)
    decoded = _fill("decoded x", release, readers, prefix=prefix, decoded=True)
    return [*raw, *decoded, *_fill("x", release, dict.fromkeys(names[:-1]), prefix=prefix)]


MNIST1D = {"mnist1d-logistic": 0.32, "mnist1d-mlp": 0.68, "mnist1d-cnn": 0.94, "mnist1d-gru": 0.91}
SHUFFLED = {"mnist1d-logistic": 0.32, "mnist1d-mlp": 0.68, "mnist1d-cnn": 0.56, "mnist1d-gru": 0.57}
LADDER = {
    "lenet": 0.9725,
    "lenet-centred": 0.9798,
    "lenet-64": 0.9836,
    "lenet-32": 0.9848,
    "lenet-faster": 0.9873,
    "deeper": 0.9905,
    "deeper-momentum": 0.992,
}
EXAMPLES = {"mlp": 0.984, "pytorch-cnn": None, "tensorflow-cnn": 0.973}
ROTATED = {"residual": 0.9, "deeper": None, "lenet-faster": None, "mlp": None, "logistic": None}
CLASSIFIERS = ("logistic", *EXAMPLES, *LADDER, "residual", *MNIST1D, "judge", "judge-deeper")
PICTURES = "mnist-rot-back-image-like"
TABLES: dict[str, Table] = {
    "mnist1d": Table(
        "mnist1d: the points in order, and shuffled",
        "in brackets: MNIST-1D's own page",
        [*_fill("in order", "mnist1d", MNIST1D), *_fill("shuffled", "mnist1d", SHUFFLED, shuffled=True)],
    ),
    "ladder": Table(
        "mnist: one change after another",
        "in brackets: kingsman142/mnist-classification, means of five trainings",
        _fill("mnist", "mnist", LADDER),
    ),
    "examples": Table(
        "mnist: the examples of Keras, PyTorch and TensorFlow",
        "in brackets: the comment in Keras' example, and the tutorial on TensorFlow's",
        _fill("mnist", "mnist", EXAMPLES),
    ),
    "rotated": Table(
        f"{PICTURES}: digits turned, on pictures",
        "in brackets: the notebook of residual, of one validation batch of mnist-rot-back-image\n"
        "published of the 50,000 test rows of that set, from 10,000: one hidden layer 37.84, SVM 44.82, autoencoders\n"
        "48.07, belief network 52.61 (Larochelle et al., 2007, corrected); features that turn 64.5 (Sohn & Lee, 2012)",
        _fill("first 10,000 rows", PICTURES, ROTATED, train_rows=10_000),
    ),
    "latents": Table(
        "the information in 32 dimensions: trained and tested on each",
        "x is sampled",
        [
            *_compare_latents("mnist", "ld-mnist-32", "logistic", "mlp", "lenet-faster"),
            *_compare_latents(PICTURES, "ld-mnist-rot-back-32", "logistic", "mlp", "deeper"),
            *_compare_latents("mnist1d", "ld-mnist1d-32", "mnist1d-logistic", "mnist1d-mlp", "mnist1d-cnn"),
        ],
    ),
}
