"""The leaderboard: submissions, their verification, the store, its log, and the challenge."""

from eval.leaderboard.challenge import draw_rows
from eval.leaderboard.client import fetch_leaderboard

__all__ = ["draw_rows", "fetch_leaderboard"]
