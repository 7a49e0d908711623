"""Double descent: the error over the width of a model, and where it peaks."""
