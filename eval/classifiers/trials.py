"""Trials of classifiers, one training and test each, and the file that keeps them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.comparison import Spread, measure_spread
from ld_data.errors import IntegrityError, MissingDataError
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
    return measure_spread([trial.accuracy for trial in trials])


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
    """Return the trials in a file of `add_trials`.

    Raises:
        MissingDataError: if the file does not exist.
        IntegrityError: if the file holds no trials.
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
