"""How fast the service is beside its machine and the obvious alternatives, and whether it lasts."""
