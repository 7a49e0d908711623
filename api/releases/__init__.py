"""Releases as the service offers them: the catalogue, files, exports and operations."""
