"""Contrastive learning: features of signals without labels, and the ceiling of what x and y of latents share."""
