"""Scores of models that map x to y: `evaluate()`, its terms, baselines, judges, and the leaderboard."""

from eval.score import Score, evaluate

__all__ = ["Score", "evaluate"]
