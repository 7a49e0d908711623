"""Trials of classifiers: each trained once and tested, and kept in a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.comparison import Spread, measure_spread
from ld_data.errors import IntegrityError, MissingDataError
from ld_data.settings import checkpoints_folder
from ld_data.storage.staging import stage_file

TRIALS_FILE = "classifiers.json"


@dataclass(frozen=True)
class Trial:
    """A classifier, trained once and tested.

    Attributes:
        classifier, inputs: their names.
        sha256: of these.
        seed: of the weights, of dropout, and of the order of the rows.
        epochs, train_rows, test_rows: of the training, and how many rows there were.
        parameters: numbers that were learned.
        accuracy: the share of test rows that it reads right.
        backend: of Keras; another one draws other weights from the same seed.
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
    return measure_spread([trial.accuracy for trial in trials])


def trials_path() -> Path:
    """Return where the trials of all tables lie, or would lie: some tables have trials in common."""
    return checkpoints_folder() / TRIALS_FILE


def add_trials(trials: Sequence[Trial], path: Path) -> None:
    """Write trials as JSON, beside those of other inputs and seeds that the file holds, and instead of its own."""
    with stage_file(path) as draft:
        kept = {_identify(trial): trial for trial in [*(load_trials(path) if path.exists() else []), *trials]}
        draft.write_text(json.dumps([asdict(kept[key]) for key in sorted(kept)], indent=1) + "\n", "utf-8")


def load_trials(path: Path) -> list[Trial]:
    """Return the trials of a file of `add_trials`.

    Raises `MissingDataError` if it is not there, `IntegrityError` if it is none.
    """
    if not path.exists():
        raise MissingDataError(
            f"no trials of classifiers at {path}. `python -m eval reproduce TABLE --out {path}` measures them."
        )
    try:
        values = json.loads(path.read_text("utf-8"))
        if not isinstance(values, list):
            raise TypeError(f"expected a list; received {type(values).__name__}")
        return [Trial(**fields) for fields in values]
    except (ValueError, TypeError) as error:
        raise IntegrityError(f"{path}: no trials of classifiers ({error!r}). Measure them again.") from error


def _identify(trial: Trial) -> tuple[str, str, int]:
    return trial.inputs, trial.classifier, trial.seed
