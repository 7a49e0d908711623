"""Calls that other processes make: of this machine, or of a cluster."""
