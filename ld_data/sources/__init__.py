"""Sources: labelled inputs, by name or from a user's own file."""
