"""How far latents are from N(0, I): the statistics that every manifest carries."""

from dataclasses import asdict, dataclass

import numpy as np

from ld_data.dataset import LatentDataset


@dataclass(frozen=True)
class Moments:
    """First and second moments of latents `(n, d)`; for N(0, I) they are 0, 1, 1 and 0 up to sampling error."""

    worst_mean: float
    least_std: float
    greatest_std: float
    worst_correlation: float


def measure_moments(latents: np.ndarray) -> Moments:
    """Return the moments of latents `(n, d)`: the worst over components, and over pairs of components."""
    values = latents.astype(np.float64)
    std = values.std(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant component correlates with nothing
        correlation = np.atleast_2d(np.nan_to_num(np.corrcoef(values, rowvar=False)))
    np.fill_diagonal(correlation, 0.0)
    worst_mean = np.abs(values.mean(axis=0)).max()
    return Moments(float(worst_mean), float(std.min()), float(std.max()), float(np.abs(correlation).max()))


def make_health_report(data: LatentDataset) -> dict[str, dict[str, float]]:
    """Return the moments of x and y, train and test, and the share of y that decodes to its own label."""
    report = {}
    for split_name, split in (("train", data.train), ("test", data.test)):
        for space, latents in (("x", split.x), ("y", split.y)):
            report[f"{space}_{split_name}"] = asdict(measure_moments(latents))
        decoded = data.classify(split.y) == split.label
        report[f"y_{split_name}"]["decoded_accuracy"] = float(decoded.mean())
    return report
