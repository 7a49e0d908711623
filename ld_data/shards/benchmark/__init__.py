"""The measured costs of sharded releases, and whether they survive kills."""
