"""The design that all studies share: trials, claims and their verdicts, runs, and pictures."""
