"""Fits and trainings that other processes may run, and whose results are kept as they end."""
