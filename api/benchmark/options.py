"""The options of a run of the benchmark."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECTIONS = {
    "requests": "the service, beside itself without any computing",
    "workers": "the service with two processes",
    "others": "the alternatives",
    "large": "10,000 rows a request, alone and beside a small one",
    "download": "data.npz, beside nginx",
    "overload": "ten times the capacity",
    "start": "seconds to the first answer, and memory",
}


@dataclass(frozen=True)
class Options:
    """The options of a run.

    Attributes:
        folder: of the release.
        python: the interpreter that has the alternatives.
        sections: names of `SECTIONS`.
        rounds: turns of each part.
        seconds: of one turn.
        overload_seconds: of the overload.
        progress: whether to show a bar.
    """

    folder: Path
    python: str = sys.executable
    sections: Sequence[str] = tuple(SECTIONS)
    rounds: int = 5
    seconds: float = 2.0
    overload_seconds: float = 30.0
    progress: bool = True
