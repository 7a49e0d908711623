"""Classifiers of raw inputs and of latents, their tables, and the judges."""
