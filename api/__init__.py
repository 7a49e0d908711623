"""The HTTP service: datasets to download, encode and decode, the generator, and the leaderboard."""
