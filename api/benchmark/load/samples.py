"""What one turn of the benchmark measures, and what all turns of it come to."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Sample:
    """A turn, or the median of several.

    Attributes:
        rate: in a second: requests, calls of a model, or floating-point operations, as the part says.
        p50, p99: seconds for one of them; 0 where only all together were timed.
        failures: requests that were not answered as they should be.
        cost: CPU seconds of the load generator for one request.
        work: CPU seconds of the server, or of the function, for one of them.
    """

    rate: float
    p50: float = 0.0
    p99: float = 0.0
    failures: int = 0
    cost: float = 0.0
    work: float = 0.0


def find_percentile(ascending: Sequence[float], percent: float) -> float:
    """Return the least of the ascending values that at least `percent` of them do not exceed (nearest rank)."""
    if not ascending:
        raise ValueError("expected at least one value")
    rank = -(-len(ascending) * percent // 100)
    return ascending[max(0, int(rank) - 1)]


def summarise(samples: Sequence[Sample]) -> Sample:
    """Return the medians over turns, and the sum of the failures."""
    values = {
        field.name: statistics.median(getattr(sample, field.name) for sample in samples) for field in fields(Sample)
    }
    return Sample(**{**values, "failures": sum(sample.failures for sample in samples)})
