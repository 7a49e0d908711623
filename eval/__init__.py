"""Scores of models from x to y: `evaluate()`, comparisons, curves, ladder, baselines, judges and leaderboard."""

from eval.class_space import Transfer, transfer
from eval.comparison import Comparison, compare, summarise_seeds
from eval.curves import LearningCurve, evaluate_seeds, learning_curve
from eval.evaluation import evaluate
from eval.score import Score

__all__ = [
    "Comparison",
    "LearningCurve",
    "Score",
    "Transfer",
    "compare",
    "evaluate",
    "evaluate_seeds",
    "learning_curve",
    "summarise_seeds",
    "transfer",
]
