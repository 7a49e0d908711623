"""The speed of the service beside alternatives, and whether it lasts."""
