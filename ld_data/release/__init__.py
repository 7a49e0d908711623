"""A release on disk: its manifest, dataset and folder, and how one is written, read and fetched."""
