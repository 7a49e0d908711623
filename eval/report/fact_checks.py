"""The facts that a rule declares, and the checks of those that show in what it suggests."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from eval.report.alignment import find_gradient, is_close, list_layers
from eval.rules.facts import MEANINGS, Facts
from eval.rules.network import Network, make_weights
from ld_data.typing import Array, Floats

HOLDS, FAILS, OPEN, SILENT = "holds", "does not hold", "open", "not declared"
ROWS = 8  # of the batch of a check


def check_facts(rule: type, make: Callable[[], Any], x: Floats, y: Floats) -> dict[str, dict[str, Any]]:
    """Return for each fact its meaning, what the class declares and what shows (None: nothing), and the check of both.

    `make` returns a new network, the same each time; x and y are a batch `(n, d)` of 8 rows or more. The check is
    "holds", "does not hold", "not declared", or "open": it cannot be checked, or the check does not decide.
    """
    declared = getattr(rule, "facts", None)
    values = asdict(declared) if isinstance(declared, Facts) else dict.fromkeys(MEANINGS)
    x, y = x[:ROWS].copy(), y[:ROWS].copy()
    found = {
        "batch_needed": _attempt(lambda: needs_batch(make, x, y)),
        "weight_transport": "none" if _attempt(lambda: uses_upper_weights(make, x, y)) is False else None,
        "second_network": _attempt(lambda: has_second_network(make(), x)),
        **dict.fromkeys(("labels_as_input", "reads_classes"), None if may_know_classes(rule) else False),
    }
    return {
        name: {
            "meaning": meaning,
            "declared": values[name],
            "found": found.get(name),
            "check": _judge(values[name], found.get(name)),
        }
        for name, meaning in MEANINGS.items()
    }


def _attempt(check: Callable[[], bool | None]) -> bool | None:
    """Return what a check finds; None if the code of the user does not take other weights or batches."""
    try:
        return check()
    except Exception:  # it may raise anything
        return None


def _judge(declared: object, found: object) -> str:
    if declared is None:
        return SILENT
    return OPEN if found is None else HOLDS if found == declared else FAILS


def needs_batch(make: Callable[[], Any], x: Floats, y: Floats) -> bool | None:
    """Return whether the suggestion on a batch differs from the mean of those on its rows.

    Also true if it cannot take one row alone. None if a second suggestion for the same batch differs from the first:
    the rule is random, or remembers.
    """
    network = _randomise(make())
    whole, again = (_flatten(network.suggest(x.copy(), y.copy())) for _ in range(2))
    if not is_close(again, whole):
        return None
    try:
        rows = [_flatten(network.suggest(x[i : i + 1].copy(), y[i : i + 1].copy())) for i in range(len(x))]
    except Exception:  # code of the user may raise anything
        return True
    return not is_close(np.mean(rows, axis=0), whole)


def uses_upper_weights(make: Callable[[], Any], x: Floats, y: Floats) -> bool | None:
    """Return whether suggestions change with weights of a layer above that leave every activity as it is.

    Each layer from the second on has its turn. The change of its weights is orthogonal to the activity below them on
    these rows, so the forward pass of the batch stays, and the transposed weights do not. A rule that does not react in
    any layer below has no weight transport; one that reacts may have it, or may let other activity pass through these
    weights. None if the network is not the perceptron of `eval.rules.Network`, or has too few units for that.
    """
    first = _randomise(make())
    if find_gradient(first, x, y) is None or not isinstance(first, Network) or first.layers < 2:
        return None
    activity = first.run(x)
    if min(first.weights[layer].shape[0] for layer in range(1, first.layers)) <= len(x):
        return None
    suggestion = first.suggest(x.copy(), y.copy())
    for layer in range(1, first.layers):
        second = _randomise(make())
        below, weights = np.hstack([activity[layer], np.ones((len(x), 1))]).astype(np.float64), second.weights[layer]
        move = np.random.default_rng(1).normal(0, 1, weights.shape)
        move -= np.linalg.pinv(below) @ (below @ move)
        second.weights[layer] = (weights + move * np.abs(weights).max()).astype(np.float32)
        other = second.suggest(x.copy(), y.copy())
        if not all(map(is_close, other[:layer], suggestion)):
            return True
    return False


def has_second_network(network: Any, x: Floats) -> bool | None:
    """Return whether the network learns weights, after those of its layers, that its answer to x does not depend on.

    Each array has its turn. None if the network does not say which weights are those of its layers.
    """
    if not isinstance(network, Network):
        return None
    _randomise(network)
    before = network.predict(x)
    for weights in network.weights[network.layers :]:
        kept = weights.copy()
        np.add(weights, 1, out=weights)
        if is_close(network.predict(x), before):
            return True
        weights[...] = kept
    return False


def may_know_classes(rule: type) -> bool:
    """Return whether a rule may know the classes: it makes its network for a dataset in its own way."""
    own = getattr(rule, "make_for", None)
    return own is not None and getattr(own, "__func__", own) is not Network.make_for.__func__  # type: ignore[attr-defined]


def _randomise(network: Any) -> Any:
    """Return the network with random weights in all layers, so that signals travel; the same each time."""
    random = np.random.default_rng(0)
    for layer, weights in enumerate(list_layers(network)):
        if weights.ndim == 2 and len(weights) > 1:
            network.weights[layer] = make_weights(len(weights) - 1, weights.shape[1], random)
    return network


def _flatten(arrays: list[Array]) -> Array:
    return np.concatenate([np.ravel(array) for array in arrays])
