"""Scores of models from x to y: `evaluate()`, comparisons, the ladder, baselines, judges and the leaderboard."""

from eval.class_space import Transfer, transfer
from eval.comparison import Comparison, compare, summarise_seeds
from eval.evaluation import evaluate
from eval.score import Score

__all__ = ["Comparison", "Score", "Transfer", "compare", "evaluate", "summarise_seeds", "transfer"]
