"""A metalearned activation function, and metalearned feedback weights."""
