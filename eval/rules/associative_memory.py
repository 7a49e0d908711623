"""An associative memory: it stores all training pairs, and recalls y from the pairs with the most similar x."""

import numpy as np
from scipy.special import softmax

from eval.rules.network import split_rows
from ld_data.progress import show_progress
from ld_data.release.dataset import LatentDataset
from ld_data.typing import Floats

SHARPNESS = tuple(0.25 * 2**i for i in range(7))  # tried on held-out rows
CHUNK_ROWS = 500


class AssociativeMemory:
    """Ramsauer et al., "Hopfield networks is all you need", ICLR 2021: one step of a modern Hopfield network.

    Patterns X `(n, d)` have unit length. The memory recalls Y softmax(sharpness X^T x) for a new x.
    """

    def __init__(self, x: Floats, y: Floats, sharpness: float) -> None:
        self.patterns, self.answers, self.sharpness = _normalise(x), y, sharpness

    def predict(self, x: Floats) -> Floats:
        """Return the recalled y `(n, d)` for x `(n, d)`."""
        chunks = np.array_split(_normalise(x), max(1, len(x) // CHUNK_ROWS))
        return np.vstack([softmax(self.sharpness * chunk @ self.patterns.T, axis=1) @ self.answers for chunk in chunks])


def fit_associative_memory(data: LatentDataset, seed: int) -> AssociativeMemory:
    """Return a memory of all training rows; a held-out tenth of them chooses its sharpness."""
    fit, held = split_rows(len(data.train), np.random.default_rng(seed))
    x, y = data.train.x, data.train.y
    errors = {}
    for sharpness in (progress := show_progress(SHARPNESS, "associative memory")):
        answers = AssociativeMemory(x[fit], y[fit], sharpness * x.shape[1]).predict(x[held])
        errors[sharpness] = float(np.square(answers - y[held]).mean())
        progress.set_postfix(held_out=f"{errors[sharpness]:.4f}")
    return AssociativeMemory(x, y, min(errors, key=errors.__getitem__) * x.shape[1])


def _normalise(x: Floats) -> Floats:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.float32(1e-12))
