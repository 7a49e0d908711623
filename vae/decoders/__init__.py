"""Other decoder architectures, compared with a release's own."""
