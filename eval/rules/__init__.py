"""Learning rules in numpy, without Keras: each trains the same network with its own `suggest`."""

from eval.rules.facts import Facts
from eval.rules.network import Network, RulePlan, apply, correlate, make_weights

__all__ = ["Facts", "Network", "RulePlan", "apply", "correlate", "make_weights"]
