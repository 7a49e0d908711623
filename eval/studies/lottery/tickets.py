"""The arms on signals: iterative magnitude pruning, random masks, and the transfer of both to other conditions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.studies.design.trials import AXIS, Outcome
from eval.studies.inputs import Signals, hash_sets, make_published, make_signals, to_one_hot
from eval.studies.perceptron import Perceptron, Training, cross_entropy, cut, train
from ld_data.typing import Array, Floats

SIZES = (40, 500, 500, 10)
SHAPES = [(41, 500), (501, 500), (501, 10)]  # of the layers, with their biases
VALUES = sum(rows * columns for rows, columns in SHAPES)
RATE = 0.02  # of Adam
ORDERS = {
    "flip": np.arange(40)[::-1],
    "chunks": np.arange(40).reshape(4, 10)[[2, 3, 0, 1]].ravel(),
    "shuffle": np.random.RandomState(0).permutation(40),
}
PERMUTATIONS = 1_000
TRADES = 5  # of each row, in a random mask with the counts of a ticket


@dataclass(frozen=True, eq=False)
class TwoSets:
    """The published signals, and fresh ones with 10,000 test rows."""

    published: Signals
    fresh: Signals

    @property
    def sha256(self) -> str:
        """The hash of both."""
        return hash_sets((self.published, self.fresh))


def load_sets() -> TwoSets:
    """Return the published set, and one from the generator's seed 43."""
    return TwoSets(make_published(), make_signals(14_000, 4_000, seed=43))


def search(
    sets: TwoSets,
    seed: int,
    *,
    levels: int,
    steps: int,
    pruned_at: int,
    level: float,
    conditions: Sequence[str],
    transfer_steps: int,
) -> Outcome:
    """Return accuracies in % over the sparsity of magnitude pruning, and those of transfers of its mask at one level.

    At each level, evenly from 0 to 1, the smallest magnitudes of each layer at step `pruned_at` are pruned, and the
    training starts again from the first weights. The figures `CONDITION_MASK` are those of the masks `dense`, `ticket`
    and `random` under a condition, and on fresh data of a mask with the `counts` of the ticket (`redraw`); the others
    are those of `measure_adjacency` for the ticket.
    """
    shares, values, rows = np.linspace(0, 1, levels), make_network(seed).values, []
    chosen, masks = int(np.abs(shares - level).argmin()), [np.ones(VALUES, np.float32)]
    for share in shares:
        masks.append(prune(values, float(share)))  # values that the last mask prunes are 0, and so the smallest
        network, values = fit(sets.published, seed, masks[-1], Training(RATE, steps, order="fixed"), pruned_at)
        rows.append(measure_accuracy(network, sets.published))
    accuracy, loss = np.array(rows).T.tolist()
    random, ticket = np.random.default_rng((seed, 1)), masks[chosen + 1]
    figures = measure_adjacency(ticket, seed)
    compared = {"dense": masks[0], "ticket": ticket, "random": draw_mask(float(shares[chosen]), random)}
    for condition in conditions:
        for name, mask in (compared | ({"counts": redraw(ticket, random)} if condition == "fresh" else {})).items():
            figures[f"{condition}_{name}"] = transfer(sets, seed, condition, mask, transfer_steps)
    return Outcome(figures, {AXIS: np.round(shares, 4).tolist(), "accuracy": accuracy, "loss": loss})


def scan_random(sets: TwoSets, seed: int, *, shares: Sequence[float], steps: int) -> Outcome:
    """Return accuracies in % over the sparsity of random masks, which are drawn anew at each level."""
    rows = []
    plan = Training(RATE, steps, order="fixed")
    for share in shares:
        mask = draw_mask(share, np.random.default_rng((seed, 2, round(1e4 * share))))
        rows.append(measure_accuracy(fit(sets.published, seed, mask, plan)[0], sets.published))
    accuracy, loss = np.array(rows).T.tolist()
    return Outcome({}, {AXIS: list(shares), "accuracy": accuracy, "loss": loss})


def transfer(sets: TwoSets, seed: int, condition: str, mask: Floats, steps: int) -> float:
    """Return the accuracy in % of a mask, trained from the weights of its search and tested on 10,000 fresh rows.

    Conditions are "same" for the published training rows, "fresh" for new ones, "reinit" for new ones and other first
    weights, and the names of `ORDERS` for new ones with their points in another order.
    """
    order = ORDERS.get(condition, np.arange(40))
    fitted = sets.published if condition == "same" else sets.fresh
    moved, tested = (
        Signals(its.x_train[:, order], its.label_train, its.x_test[:, order], its.label_test, its.sha256)
        for its in (fitted, sets.fresh)
    )
    start = seed + 1_000_000 if condition == "reinit" else seed
    return measure_accuracy(fit(moved, start, mask, Training(RATE, steps, 500, order="fixed"))[0], tested)[0]


def make_network(seed: int) -> Perceptron:
    """Return the network with its first weights; the second layer is added to the first."""
    return Perceptron(SIZES, np.random.default_rng((seed, 0)), skip=True)


def fit(
    signals: Signals, seed: int, mask: Floats, plan: Training, kept_at: int | None = None
) -> tuple[Perceptron, Floats]:
    """Return the network trained under a mask from the first weights of a seed, and its values at a step on the way."""
    network, seen = make_network(seed), []

    def watch(step: int) -> None:
        if step == min(kept_at or plan.steps, plan.steps):
            seen.append(network.values.copy())

    random = np.random.default_rng((seed, 3))
    targets = to_one_hot(signals.label_train)
    train(network, signals.x_train, targets, cross_entropy, plan, random, mask=mask, watch=watch)
    return network, seen[0]


def measure_accuracy(network: Perceptron, signals: Signals) -> tuple[float, float]:
    """Return the share of test rows in % that a network reads right, and its mean loss on them."""
    outputs = network.predict(signals.x_test)
    right = float((outputs.argmax(axis=1) == signals.label_test).mean())
    return 100 * right, float(cross_entropy(outputs, to_one_hot(signals.label_test))[0].mean())


def prune(values: Array, share: float, shapes: Sequence[tuple[int, int]] = SHAPES) -> Floats:
    """Return the mask `(p,)` without that share of each layer's values `(p,)`, the smallest magnitudes."""
    mask = np.ones(len(values), np.float32)
    for layer, kept in zip(cut(values, shapes), cut(mask, shapes), strict=True):
        count = int(share * layer.size)
        kept.reshape(-1)[np.argsort(np.abs(layer), axis=None, kind="stable")[:count]] = 0
    return mask


def draw_mask(share: float, random: np.random.Generator) -> Floats:
    """Return a mask `(p,)` without that share of each layer's values, drawn at random."""
    return prune(random.random(VALUES), share)


def redraw(mask: Floats, random: np.random.Generator) -> Floats:
    """Return a random mask `(p,)` that keeps as many inputs of each unit, and units of each input, as this one.

    Rows of a layer trade what only one of both keeps, again and again (Strona et al., 2014).
    """
    drawn = mask.copy()
    for layer in cut(drawn, SHAPES):
        for _ in range(TRADES * len(layer)):
            first, second = random.choice(len(layer), 2, replace=False)
            traded = random.permutation(np.flatnonzero(layer[first] != layer[second]))
            own, others = np.split(traded, [int(layer[first, traded].sum())])
            layer[first, own], layer[first, others] = 1, 0
            layer[second, own], layer[second, others] = 0, 1
    return drawn


def measure_adjacency(mask: Floats, seed: int) -> dict[str, float]:
    """Return how many runs of 2, 3 and 4 neighbouring inputs units of the first layer keep, over all its weights.

    The null of each is the mean over permutations of the inputs, the same for all units, which keep the number of
    inputs of each unit and of units of each input. `adjacent_rank` is the share of permutations with fewer pairs.
    """
    kept, random = cut(mask, SHAPES)[0][:-1] > 0, np.random.default_rng((seed, 4))
    own = _count_runs(kept)
    null = np.array([_count_runs(kept[random.permutation(len(kept))]) for _ in range(PERMUTATIONS)])
    figures = {"adjacent_rank": (null[:, 0] < own[0]).mean(), "units_without_input": (~kept.any(axis=0)).sum()}
    for name, value, others in zip(("adjacent", "adjacent_3", "adjacent_4"), own, null.T, strict=True):
        figures |= {name: value / kept.size, f"{name}_null": others.mean() / kept.size}
    return {name: float(value) for name, value in figures.items()}


def _count_runs(kept: Array) -> list[float]:
    """Return how often 2, 3 and 4 neighbouring rows of `(inputs, units)` are all kept."""
    counts, runs = [], kept
    for length in (1, 2, 3):
        runs = runs[:-1] & kept[length:]
        counts.append(float(runs.sum()))
    return counts
