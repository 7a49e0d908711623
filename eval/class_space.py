"""The class space: the cells of y as a dataset describes them, and releases whose cells read each other's y.

With equal latent size and number of classes, all cells have the same `class_weight`, and `class_bias` follows from the
class frequencies. So the decoders of two releases differ by as much as their class frequencies do.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.evaluation import load_dataset
from eval.predictions import BATCH_ROWS, Model, predict
from eval.score import score_predictions, write_with_error
from ld_data.errors import InputError
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Array, Doubles, Floats

LEAST_AGREEMENT = 0.9  # of two decoders on y; below, a confusion of classes says little about the model
TOLERANCE = 1e-3  # of class weights: processors round differently
GAUSSIANS = "the Gaussians of a trained class VAE"
PATIENCE = 100.0  # draws per expected draw: the chance that all of them miss the cell is exp(-100)


@dataclass(frozen=True)
class Transfer:
    """How well a model's y are read by the decoder of another release.

    Attributes:
        release, other: the model predicts the y of the first; the second decodes them too.
        rows: of the test set of `release`.
        skill, skill_standard_error: as in `Score`, on `release`.
        accuracy: share of predictions that decode to the true class by the decoder of `release`.
        other_accuracy: the same by the decoder of `other`.
        agreement: share of the true y that the decoder of `other` reads right: the ceiling for predictions that are
            spread as y is. The means of classes lie deep in their cells, so good predictions can exceed it.
    """

    release: str
    other: str
    rows: int
    skill: float
    skill_standard_error: float
    accuracy: float
    other_accuracy: float
    agreement: float

    def __str__(self) -> str:
        """Return a small table."""
        lines = {
            f"skill on {self.release}": write_with_error(self.skill, self.skill_standard_error),
            f"accuracy, decoder of {self.release}": f"{self.accuracy:.4f}",
            f"accuracy, decoder of {self.other}": f"{self.other_accuracy:.4f}",
            f"true y, decoder of {self.other}": f"{self.agreement:.4f}",
        }
        width = max(map(len, lines))
        table = (f"{label:<{width}}  {value}" for label, value in lines.items())
        return "\n  ".join([f"{self.release} read by {self.other}, {self.rows} test rows", *table])


def transfer(
    model: Model,
    release: str | Path | LatentDataset,
    other: str | Path | LatentDataset,
    *,
    batch_rows: int = BATCH_ROWS,
) -> Transfer:
    """Return how well the y that a model predicts for the test x of a release are read by another release's decoder.

    `model` and the releases are as `evaluate` takes them. Class c of one release counts as class c of the other.

    Raises:
        InputError: as `evaluate`, or if the releases have no common class space.
        UnknownNameError: if a release does not exist.
    """
    data, reader = load_dataset(release), load_dataset(other)
    agreement = check_common(data, reader)
    predictions = predict(model, data, batch_rows=batch_rows)
    score = score_predictions(predictions, data)
    return Transfer(
        data.name,
        reader.name,
        score.rows,
        score.skill,
        score.skill_standard_error,
        score.decoded_accuracy,
        _share_right(predictions.values, data, reader),
        agreement,
    )


def check_common(data: LatentDataset, other: LatentDataset) -> float:
    """Return the share of the test y of a dataset that the decoder of another reads right.

    Raises:
        InputError: if they have no common class space; the message says what differs.
    """
    pairs = {
        "their latent sizes are {} and {}": (data.latent_dim, other.latent_dim),
        "they have {} and {} classes": (data.classes, other.classes),
        "the y of the one come from {}, those of the other from {}": (_describe_y(data), _describe_y(other)),
    }
    difference = next((words.format(*pair) for words, pair in pairs.items() if pair[0] != pair[1]), "")
    if not difference and not np.allclose(data.class_weight, other.class_weight, atol=TOLERANCE):
        difference = "their class_weight differ, so that their classes lie in other directions"
    agreement = 0.0 if difference else _share_right(data.test.y, data, other)
    if not difference and agreement < LEAST_AGREEMENT:
        shares = [np.bincount(part.train.label, minlength=part.classes) / len(part.train) for part in (data, other)]
        worst = int(np.argmax(np.abs(shares[0] - shares[1])))
        difference = (
            f"their class frequencies are too far apart (class {worst}: {shares[0][worst]:.3f} and "
            f"{shares[1][worst]:.3f}), so that the second reads {agreement:.1%} of the y of the first right; at least "
            f"{LEAST_AGREEMENT:.0%} are needed"
        )
    if difference:
        raise InputError(
            f"{data.name} and {other.name} have no common class space: {difference}. Name two releases with "
            "cells of one latent size, and the same classes at similar frequencies."
        )
    return agreement


def has_cells(data: LatentDataset) -> bool:
    """Return whether y is N(0, I) cut into cells: the columns of their `class_weight` are unit vectors."""
    return bool(np.allclose(np.linalg.norm(data.class_weight, axis=0), 1.0, atol=TOLERANCE))


def check_cells(data: LatentDataset) -> None:
    """Raise `InputError` unless y comes from cells, so that it can be drawn anew."""
    if not has_cells(data):
        raise InputError(
            f"y is drawn anew from cells; the y of {data.name} come from {GAUSSIANS}, not cells. Name a release "
            "with cells, or another baseline."
        )


def draw_y(data: LatentDataset, labels: Array, random: np.random.Generator) -> Floats:
    """Return y `(n, d)` float32 drawn anew: N(0, I) within the cell of each label `(n,)`, by rejection.

    Raises:
        InputError: if y does not come from cells, or a cell is too small for the frequency of its class.
    """
    check_cells(data)
    drawn, waiting = np.empty((len(labels), data.latent_dim), np.float32), np.arange(len(labels))
    counts = np.bincount(data.train.label, minlength=data.classes)[labels]
    for _ in range(math.ceil(PATIENCE * len(data.train) / max(1, counts.min(initial=len(data.train))))):
        draws = random.standard_normal((len(waiting), data.latent_dim), np.float32)
        inside = data.classify(draws) == labels[waiting]
        drawn[waiting[inside]] = draws[inside]
        waiting = waiting[~inside]
        if not len(waiting):
            return drawn
    raise InputError(
        f"the cell of class {labels[waiting[0]]} is too small for its frequency in {data.name}: class_weight and "
        "class_bias do not belong to these labels. Fetch or build the release again."
    )


def project_y(data: LatentDataset, y: Array) -> Doubles:
    """Return y `(n, d)` projected onto the span of `class_weight`, in which all class means of cells lie.

    Outside it, y is noise that no x predicts. Predictions of y lose their own noise there, and nothing else.
    """
    weight = data.class_weight.astype(np.float64)
    return y @ weight @ np.linalg.pinv(weight, TOLERANCE)  # the columns of a simplex sum to 0 up to rounding


def _share_right(y: Array, data: LatentDataset, decoder: LatentDataset) -> float:
    return float((decoder.classify(y) == data.test.label).mean())


def _describe_y(data: LatentDataset) -> str:
    return "cells" if has_cells(data) else GAUSSIANS
