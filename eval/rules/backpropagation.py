"""Backpropagation: the exact gradient, the yardstick of the other rules."""

from eval.rules.network import Network, correlate
from ld_data.typing import Floats


class Backpropagation(Network):
    """Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323, 1986."""

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the gradient of half the squared error."""
        activity = self.run(x)
        error = activity[-1] - y
        gradients = []
        for layer in reversed(range(self.layers)):
            gradients.append(correlate(activity[layer], error))
            if layer:
                error = (error @ self.weights[layer][:-1].T) * (1 - activity[layer] ** 2)
        return gradients[::-1]
