"""The networks: the VAE of inputs, its layers, the flow, and the one Gaussian."""
