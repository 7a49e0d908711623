"""A long run of mixed visits that checks answers and memory."""
