"""The arms of learners on latents: networks that are pruned by magnitude, and a planted support that pruning looks for.

Neither has a space that neighbours could share: components of x are independent. A rotation of x leaves them so, and
takes away the basis in which magnitudes are sparse.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eval.ladder.rotations import draw_orthogonal
from eval.studies.design.trials import AXIS, Outcome
from eval.studies.double_descent.latents import fit_map
from eval.studies.inputs import Latents
from eval.studies.lottery.latents import ROTATION_STREAM
from eval.studies.lottery.tickets import prune
from eval.studies.perceptron import Perceptron, Training, squared_error, train
from ld_data.typing import Floats

HELD_OUT = 10_000  # rows, the last ones
KINDS = ("magnitude", "rotation", "random")


def prune_networks(
    latents: Latents, seed: int, *, shares: Sequence[float], hidden: int, steps: int, rate: float
) -> Outcome:
    """Return how much variance of y a pruned network explains, as a share of that of the dense one, over its sparsity.

    A network d-h-h-d starts again from its first weights at each share. The smallest magnitudes of each layer are
    pruned, or those for x turned by a random `rotation`, or `random` values. `dense` is the variance that the dense
    network explains, in % of that of y.
    """
    d = latents.x.shape[1]
    turned = latents.x @ draw_orthogonal(d, seed, ROTATION_STREAM)
    sizes, plan = (d, hidden, hidden, d), Training(rate, steps)
    curves: dict[str, list[float]] = {AXIS: list(shares)}
    for kind in KINDS:
        x, y = ((turned if kind == "rotation" else latents.x).astype(np.float32), latents.y.astype(np.float32))
        network = Perceptron(sizes, np.random.default_rng((seed, 13)))
        start, scores, curves[kind] = network.values.copy(), network.values.copy(), []
        for place, share in enumerate(shares):
            if kind == "random":
                scores = np.random.default_rng((seed, 14, place)).random(len(start), np.float32)
            network.values[:] = start
            mask = prune(scores, share, [(rows + 1, columns) for rows, columns in pairwise(sizes)])
            random = np.random.default_rng((seed, 16))
            train(network, x[:-HELD_OUT], y[:-HELD_OUT], squared_error, plan, random, mask=mask)
            scores = network.values.copy()
            curves[kind].append(_explain(network.predict(x[-HELD_OUT:]), y[-HELD_OUT:]))
    dense = curves["magnitude"][0]
    return Outcome({"dense": dense}, curves | {kind: [value / dense for value in curves[kind]] for kind in KINDS})


def _explain(predicted: Floats, y: Floats) -> float:
    return 100 * float(1 - np.square(y - predicted).mean() / np.square(y).mean())


def find_planted(latents: Latents, seed: int, *, share: float, rows: Sequence[int]) -> Outcome:
    """Return the share of a planted support that the greatest entries of a least-squares map find, over its rows.

    A linear teacher has that share of all entries, drawn from N(0, 1), the norm of the map of the latents, and its
    noise. `rotation` is the share that is found in the map of x turned by a random rotation, and `chance` that with the
    same number of entries for each output, at random: a rotation of x leaves the norms of outputs alone.
    """
    weights, noise = fit_map(latents)
    random, d = np.random.default_rng((seed, 15)), len(weights)
    planted = random.permutation(d * d).reshape(d, d) < round(share * d * d)
    teacher = planted * random.standard_normal((d, d))
    teacher *= np.linalg.norm(weights) / np.linalg.norm(teacher)
    turn = draw_orthogonal(d, seed, ROTATION_STREAM)
    curves: dict[str, list[float]] = {AXIS: [float(count) for count in rows]}
    curves |= {name: [] for name in ("magnitude", "rotation", "chance")}
    for count in rows:
        x = random.standard_normal((count, d))
        y = x @ teacher + np.sqrt(noise) * random.standard_normal((count, d))
        for kind, inputs in (("magnitude", x), ("rotation", x @ turn)):
            chosen = prune(np.linalg.lstsq(inputs, y)[0].ravel(), 1 - planted.mean(), [(d, d)]).reshape(d, d)
            curves[kind].append(float(chosen[planted].sum() / planted.sum()))
        curves["chance"].append(float(chosen.sum(axis=0) @ planted.sum(axis=0) / d / planted.sum()))
    return Outcome({}, curves)
