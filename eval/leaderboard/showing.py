"""The figures that an open season shows, so that many submissions do not add up to its secret labels.

Each figure on secret rows reveals a little, and a refusal to show one hardly anything. A season is therefore a ladder
(Blum and Hardt, "The Ladder", ICML 2015, arXiv 1502.04585). It starts with the null, and a submission shows its figures
only if it is better than the best that is shown, by a test paired over rows and by a fixed step. The test alone is not
enough: its statistic does not depend on the scale of a change, so that tiny changes of fifteen rows with known labels
carry the label of a sixteenth through it. The step limits how often a season answers at all, and so the sum of what
its answers reveal. `tests/eval/leaderboard/test_showing.py` simulates the attacks.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from eval.intervals import CRITICAL
from eval.score import RowFigures, Score, mean_error
from ld_data.typing import Doubles

STEP = 0.03  # of skill: a season shows at most 33 entries between null and oracle
DECIMALS = 4


@dataclass(frozen=True)
class Trial:
    """The figures on secret rows that decide whether an entry is shown, and those that are then shown.

    Attributes:
        errors: noise-free squared error of each row `(n,)`.
        shown: the score, rounded and without class accuracies.
        null_errors, null: the same of the model that always answers the mean.
    """

    errors: Doubles
    shown: Score
    null_errors: Doubles
    null: Score

    def is_better(self, best: Doubles) -> bool:
        """Return whether the errors are lower than the best that are shown `(n,)`, by test and by step."""
        return is_better(self.errors, best, float(self.null_errors.mean()))


def is_better(errors: Doubles, best: Doubles, null: float) -> bool:
    """Return whether the errors of rows `(n,)` lie below others by `CRITICAL` standard errors and by `STEP` of skill.

    `null` is the noise-free MSE of the null: the whole range of skill.
    """
    gains = best - errors
    return bool(gains.mean() > max(CRITICAL * mean_error(gains), STEP * null))


def round_score(score: Score, rows: RowFigures) -> Score:
    """Return a score with each figure as fine as its standard error, and without class accuracies."""
    accuracy_error = math.sqrt(score.decoded_accuracy * (1 - score.decoded_accuracy) / score.rows)
    figures: dict[str, Any] = {
        "mse": round_to(score.mse, score.standard_error),
        "null": round_to(score.null, mean_error(rows.null)),
        "floor": round_to(score.floor, mean_error(rows.floor)),
        "skill": round_to(score.skill, score.skill_standard_error),
        "noise_free_mse": round_to(score.noise_free_mse, mean_error(rows.noise_free)),
        "decoded_accuracy": round_to(score.decoded_accuracy, accuracy_error),
        "standard_error": float(f"{score.standard_error:.1g}"),
        "skill_standard_error": float(f"{score.skill_standard_error:.1g}"),
    }
    return replace(score, **figures, class_accuracy=(math.nan,) * len(score.class_accuracy))


def round_to(value: float, error: float) -> float:
    """Return a figure with the decimals that its standard error allows: 0.0123 +- 0.0031 is 0.012; at most four."""
    decimals = min(DECIMALS, -math.floor(math.log10(error))) if error > 0 else DECIMALS
    return round(value, decimals) + 0.0  # never -0.0
