"""The parts that the command lines of all packages share."""
