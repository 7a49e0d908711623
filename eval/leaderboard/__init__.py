"""The leaderboard: submissions, their verification, the store and its log, and the challenge track."""

from eval.leaderboard.challenge import draw_rows
from eval.leaderboard.client import fetch_leaderboard

__all__ = ["draw_rows", "fetch_leaderboard"]
