"""The output of a report: text, figures, and the folder of its files."""
