"""Backpropagation: the exact gradient, the yardstick of the other rules."""

import numpy as np

from eval.rules.network import Network, correlate


class Backpropagation(Network):
    """Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323, 1986."""

    def suggest(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Return the gradient of half the squared error."""
        activity = self.run(x)
        error = activity[-1] - y
        gradients = []
        for layer in reversed(range(self.layers)):
            gradients.append(correlate(activity[layer], error))
            if layer:
                error = (error @ self.weights[layer][:-1].T) * (1 - activity[layer] ** 2)
        return gradients[::-1]
