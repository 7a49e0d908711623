"""The report of a learning rule: what it reaches, how near it is to the gradient, what it costs, and where it fails."""
