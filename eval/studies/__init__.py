"""The experiments that MNIST-1D was made for, with verdicts on their claims, and their siblings on latents."""
