"""The work of requests: admission, threads, and batches for the models."""
