"""What sharded releases cost, measured; and whether they survive kills."""
