"""How the service does its work: admission, threads and batches."""
