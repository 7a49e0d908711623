"""Baselines: regressions from x to y, fitted by name."""
