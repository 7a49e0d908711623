"""Backpropagation: the exact gradient, the yardstick of the other rules."""

from collections.abc import Sequence

from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan, correlate
from ld_data.typing import Floats


class Backpropagation(Network):
    """Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323, 1986."""

    plan = RulePlan(learning_rate=3e-3)
    facts = Facts(local_in_time=False, weight_transport="values", separate_phases=True)

    def suggest(self, x: Floats, y: Floats) -> list[Floats]:
        """Return the products of each layer's input and error, for this rule the gradient of half the squared error."""
        activity = self.run(x)
        errors = [activity[-1] - y]
        for layer in reversed(range(1, self.layers)):
            errors.insert(0, self.send_back(errors, layer) * (1 - activity[layer] ** 2))
        return [correlate(below, error) for below, error in zip(activity, errors, strict=False)]

    def send_back(self, errors: Sequence[Floats], layer: int) -> Floats:
        """Return the errors `(n, in)` before a layer, from its own `(n, out)` and those of the layers above."""
        return errors[0] @ self.weights[layer][:-1].T
