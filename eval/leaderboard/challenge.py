"""The challenge track: rows drawn from the secret of a season, and verdicts on predictions for them.

The labels of a release's test rows are public; those of a season are not. The service draws the rows from a secret and
publishes only their x. It publishes the sha256 of the secret when the season opens, and the secret itself when the
season closes. Then anyone can draw the same rows and labels, and compare.
"""

import hashlib
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from eval.leaderboard.leaks import Verdict, judge
from eval.leaderboard.showing import Trial, round_score
from eval.predictions import Predictions
from eval.score import measure_rows, score_rows
from ld_data.errors import IntegrityError, LeakError
from ld_data.fingerprint import TOLERANCE
from ld_data.protocols import LatentCodec
from ld_data.release.dataset import LatentDataset, Split
from ld_data.sources.secret_draws import SEED_BITS, find_generator
from ld_data.typing import Array

ROWS = 10_000
NOISE_BITS = 63


@dataclass(frozen=True)
class Season:
    """A period in which predictions for the same secret rows compete.

    Attributes:
        data_sha256: of the release's public test set: its version.
        number: from 1 for each release and version.
        rows: the number of rows drawn.
        opened_at, closed_at: UTC, ISO 8601; None while the season is open.
        secret: the text from which the rows and their noise are derived; published only once the season is closed.
        x_sha256: of the rows' x, once they are drawn.
        fingerprint: of the machine that drew them: another machine's x differs in the last bits.
    """

    release: str
    data_sha256: str
    number: int
    rows: int
    opened_at: str
    secret: str = field(repr=False)
    closed_at: str | None = None
    x_sha256: str | None = None
    fingerprint: str | None = None

    @property
    def secret_sha256(self) -> str:
        """The sha256 of the secret's text: it binds the service to the secret without revealing it."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the public facts of the season; the secret is among them only if it is closed."""
        known = {"season": self.number, "rows": self.rows, "secret_sha256": self.secret_sha256}
        known |= {"x_sha256": self.x_sha256, "fingerprint": self.fingerprint}
        times = {"opened_at": self.opened_at, "closed_at": self.closed_at}
        return known | times | ({"secret": self.secret} if self.closed_at else {})


def draw_rows(secret: str, source: str, codec: LatentCodec, rows: int = ROWS) -> Split:
    """Return x, y `(rows, d)` and label `(rows,)` of a season's secret, by the source and the models of the release.

    Raises:
        UnknownNameError: for a source that cannot generate new inputs.
    """
    inputs, labels = find_generator(source)(_derive(secret, "rows", SEED_BITS), rows)
    x = codec.x.encode(inputs, mode="sample", seed=_derive(secret, "x", NOISE_BITS))
    y = codec.y.encode(labels, mode="sample", seed=_derive(secret, "y", NOISE_BITS))
    return Split(x, y, labels.astype(np.uint8))


def check_x(published: Array, rows: Split) -> float:
    """Return by how much the x `(n, d)` that a service published differs at most from that of the rows redrawn here.

    Raises:
        IntegrityError: if the shapes differ, or a value by more than `TOLERANCE`: the x was not drawn from the secret.
    """
    apart = float(np.abs(published - rows.x).max()) if published.shape == rows.x.shape else math.inf
    if not apart <= TOLERANCE:
        raise IntegrityError(
            f"the published x {published.shape} differs by {apart:.2g} from that of the secret, {rows.x.shape}; "
            f"processors make a difference of at most {TOLERANCE:g}. Compare the season, the release and its version."
        )
    return apart


def verify_challenge(predictions: Predictions, data: LatentDataset) -> Verdict:
    """Return the verdict, with its trial, on checked predictions `(n, d)` for a season's rows, the test rows of `data`.

    Raises:
        InputError: for a row longer than any y, or a score that is not finite.
        LeakError: for an MSE significantly below the floor; its message holds no figures.
    """
    verdict, rows = judge((predictions,), data)
    if verdict.score.is_leak:
        raise LeakError(
            "the MSE lies below the floor, the score of an oracle that knows every class. No model of x can do that: "
            "predictions must be made from the challenge's x alone."
        )
    mean = Predictions(np.tile(data.train.y.mean(axis=0), (len(data.test), 1)))
    null = measure_rows(mean, data)
    shown, null_shown = (round_score(score_rows(each, data), each) for each in (rows, null))
    return replace(verdict, trial=Trial(rows.noise_free, shown, null.noise_free, null_shown))


def _derive(secret: str, purpose: str, bits: int) -> int:
    """Return a number of so many bits, derived from a secret for one purpose and independent of the other purposes."""
    digest = hashlib.sha256(f"{purpose}:{secret}".encode()).digest()
    return int.from_bytes(digest, "big") >> (8 * len(digest) - bits)
