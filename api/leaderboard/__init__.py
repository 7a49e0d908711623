"""The leaderboard's part of the service, below its routes."""
