"""Learning rules in numpy, without Keras: each trains the same network with its own `suggest`."""
