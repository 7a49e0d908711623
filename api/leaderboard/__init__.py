"""The leaderboard as HTTP shows it."""
