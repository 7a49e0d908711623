"""What a run of the benchmark measures, and for how long."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECTIONS = {
    "alone": "the networks in this process, beside the matrix product and Keras",
    "requests": "the service, and its echo ceiling",
    "workers": "the service with two processes",
    "others": "the alternatives",
    "large": "10,000 rows a request, alone and beside a small one",
    "download": "data.npz, beside nginx",
    "overload": "ten times the capacity",
    "start": "seconds to the first answer, and memory",
}


@dataclass(frozen=True)
class Options:
    """What is measured.

    Attributes:
        folder: of the release.
        python: the interpreter that has the alternatives.
        sections: names of `SECTIONS`.
        rounds: turns of each part.
        seconds: of one turn.
        warm_up: seconds of a load before each turn, which do not count.
        overload_seconds: of the overload.
        progress: whether a bar is shown.
    """

    folder: Path
    python: str = sys.executable
    sections: Sequence[str] = tuple(SECTIONS)
    rounds: int = 5
    seconds: float = 2.0
    warm_up: float = 0.2
    overload_seconds: float = 30.0
    progress: bool = True
