"""Learning rules that are not backpropagation, on one network and in numpy alone."""
