"""A ladder of control tasks on the x of a release: each task needs one ability, and its best possible MSE is known.

It shows why a model fails. The lower rungs have no noise and no classes: a model that cannot copy x, or mix its
components, fails before the classes matter. The upper rungs are the class map of the release with more and more noise,
and with x twisted more and more, which hides the classes from linear models and keeps the best score.
"""

from eval.ladder.climbing import (
    Fit,
    FitDataset,
    Rung,
    climb,
    climb_task,
    describe_gaps,
    format_rungs,
    keep_rows,
    run_fit,
)
from eval.ladder.tasks import Task, make_ladder

__all__ = [
    "Fit",
    "FitDataset",
    "Rung",
    "Task",
    "climb",
    "climb_task",
    "describe_gaps",
    "format_rungs",
    "keep_rows",
    "make_ladder",
    "run_fit",
]
