"""The load generator and its samples."""
