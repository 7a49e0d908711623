"""The tasks of users, timed beside the same by hand, and beside another commit."""
