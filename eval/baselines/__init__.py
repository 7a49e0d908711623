"""Baselines: regressions from x to y, by name."""
