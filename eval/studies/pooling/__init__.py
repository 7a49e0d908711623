"""Pooling: a prior that helps where rows are few, on signals, and its sibling on latents, whose crossing is known."""
