"""The experiments of the textbook Understanding Deep Learning on MNIST-1D."""
