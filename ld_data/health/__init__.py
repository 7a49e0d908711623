"""Measurements of a release: distance from N(0, I), probes of the class, and plots."""
