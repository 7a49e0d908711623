"""Programs that the benchmark starts in processes of their own, with this project's own libraries."""
