"""Lottery tickets: sparse masks that magnitude pruning finds, and what they are worth elsewhere."""
