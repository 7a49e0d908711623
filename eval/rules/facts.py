"""Facts that a learning rule declares about itself: what it needs beyond the activity of the network."""

from dataclasses import dataclass
from typing import Literal

MEANINGS = {  # of each fact, for reports
    "local_in_space": "a weight changes by the units that it joins, what reaches the upper one, and one signal for all",
    "local_in_time": "all that changes a weight is present at one moment; nothing is kept until a signal arrives",
    "weight_transport": "what travels back uses the forward weights: their values, their signs, or none",
    "separate_phases": "signals travel in phases that alternate: forward and backward, or free and nudged",
    "second_network": "learned weights that serve training alone",
    "batch_needed": "the change on a batch is not the mean of those on its rows",
    "labels_as_input": "the network is shown the class at its input",
    "reads_classes": "training reads the class of y by its decoder, where others learn from pairs (x, y) alone",
    "feedback": "what a hidden layer gets back for each row: a vector, signs, a number, or nothing",
}


@dataclass(frozen=True)
class Facts:
    """The needs of a rule, as `MEANINGS` explains them; a class names those that differ from these."""

    local_in_space: bool = True
    local_in_time: bool = True
    weight_transport: Literal["none", "signs", "values"] = "none"
    separate_phases: bool = False
    second_network: bool = False
    batch_needed: bool = False
    labels_as_input: bool = False
    reads_classes: bool = False
    feedback: Literal["vector", "sign", "scalar", "none"] = "vector"
