"""The cost of a rule: multiply-accumulates, memory, and the energy that the machine reports."""

import math
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ld_data.typing import Floats

POWER_FOLDER = Path("/sys/class/powercap")  # Intel's and AMD's counters of energy, RAPL
FUNCTIONS = (np.dot, np.inner, np.outer, np.vdot, np.tensordot, np.einsum)
UFUNCS = {getattr(np, name) for name in ("matmul", "vecdot", "matvec", "vecmat") if hasattr(np, name)}


@dataclass(frozen=True)
class Work:
    """Multiply-accumulates a training row, in products of arrays.

    Attributes:
        forward: of one prediction, as far as the suggestion makes as many.
        back: of all other products in a suggestion that keep the rows: signals back, settling, further passes.
        update: of its products that sum over the rows, or have none.
    """

    forward: float
    back: float
    update: float

    @property
    def total(self) -> float:
        """The sum of the three."""
        return self.forward + self.back + self.update


class Counted(np.ndarray):
    """An array that counts the products it takes part in; a subclass for each count has the tally.

    The number of multiply-accumulates of a product is that product of ones, summed: each term adds 1.
    """

    tally: ClassVar[dict[bool, float]]
    rows: ClassVar[int]

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Count a product, and return what numpy does, as counted arrays."""
        plain = _strip(inputs)
        result = getattr(ufunc, method)(*plain, **{name: _strip(value) for name, value in options.items()})
        if ufunc in UFUNCS and method == "__call__":
            self._count(ufunc, plain, options, result)
        return options["out"][0] if options.get("out") else self._wrap(result)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, arguments: Iterable[Any], options: Mapping[str, Any]
    ) -> Any:
        """Count a product, and return what numpy does, as counted arrays."""
        if function not in FUNCTIONS:
            return super().__array_function__(function, types, arguments, options)
        plain = _strip(tuple(arguments))
        result = function(*plain, **{name: _strip(value) for name, value in options.items()})
        self._count(function, plain, options, result)
        return self._wrap(result)

    def dot(self, other: Any, out: Any = None) -> Any:
        """Return the product as `numpy.dot`, which counts it."""
        return np.dot(self, other, out) if out is not None else np.dot(self, other)

    def _count(
        self, product: Callable[..., Any], arguments: Sequence[Any], options: Mapping[str, Any], result: Any
    ) -> None:
        ones = _make_ones(product, arguments)
        axes = {name: value for name, value in options.items() if name in ("axes", "axis", "keepdims")}
        keeps_rows = any(length and length % self.rows == 0 for length in np.shape(result))
        self.tally[keeps_rows] += float(np.sum(product(*ones, **axes)))

    def _wrap(self, result: Any) -> Any:
        if isinstance(result, tuple):
            return tuple(map(self._wrap, result))
        return result.view(type(self)) if isinstance(result, np.ndarray) else result


def _strip(value: Any) -> Any:
    """Return plain arrays in place of counted ones."""
    if isinstance(value, tuple | list):
        return type(value)(map(_strip, value))
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def _make_ones(product: Callable[..., Any], arguments: Sequence[Any]) -> list[Any]:
    """Return the arguments of a product with ones in place of its factors, and without an array for the result."""
    if product is np.einsum:  # texts, or lists beside the arrays, are names of axes
        lists = () if isinstance(arguments[0], str) else (list, tuple)
        return [value if isinstance(value, (str, *lists)) else np.ones(np.shape(value)) for value in arguments]
    axes = arguments[2:] if product is np.tensordot else ()
    return [*(np.ones(np.shape(value)) for value in arguments[:2]), *axes]


def count_work(network: Any, x: Floats, y: Floats) -> Work | None:
    """Return the work of a network on a batch `(n, d)`; it counts the arrays of the network too, so use a fresh one.

    The number of rows must be a prime, as `find_prime` gives: an axis is that of the rows if n divides it. None if the
    rule takes no arrays that count, or makes no products that can be seen: one of two arrays comes from the batch or
    the network.
    """
    kinds: dict[str, Any] = {"tally": {True: 0.0, False: 0.0}, "rows": len(x)}
    kind: type[Counted] = type("CountedHere", (Counted,), kinds)
    try:
        for name, value in list(vars(network).items()):
            if isinstance(value, np.ndarray):
                setattr(network, name, value.view(kind))
            elif isinstance(value, list) and value and all(isinstance(array, np.ndarray) for array in value):
                setattr(network, name, [array.view(kind) for array in value])
        network.predict(x.view(kind))
        predicted = sum(kind.tally.values())
        kind.tally.update({True: 0.0, False: 0.0})
        network.suggest(x.view(kind), y.view(kind))
    except Exception:  # code of the user, which takes plain arrays, may refuse these, or have slots
        return None
    kept, summed = kind.tally[True], kind.tally[False]
    if not kept + summed:
        return None
    forward = min(predicted, kept)
    return Work(forward / len(x), (kept - forward) / len(x), summed / len(x))


def find_prime(lengths: Iterable[int]) -> int:
    """Return the least prime from 127 on that divides none of some lengths above 0."""
    own = [length for length in lengths if length > 0]
    return next(
        number
        for number in count(127)
        if all(number % by for by in range(2, math.isqrt(number) + 1)) and all(length % number for length in own)
    )


def measure_memory(network: Any, x: Floats, y: Floats) -> int:
    """Return the most bytes that a suggestion for a batch holds beyond the network and the batch, by `tracemalloc`."""
    tracemalloc.start()
    try:
        network.suggest(x, y)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def measure_energy(work: Callable[[], object], folder: Path = POWER_FOLDER) -> float | None:
    """Return the joules that the processors of the machine take while a function runs, all processes together.

    None where the machine reports none, or to others alone; then the function does not run.
    """
    counters = _read_counters(folder)
    if not counters:
        return None
    work()
    joules = 0.0
    for path, (start, limit) in counters.items():
        end = int(path.read_text())
        joules += ((end - start) % (limit + 1)) / 1e6
    return joules


def _read_counters(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return the counters of the processors, in microjoules, and the values at which they begin anew."""
    counters = {}
    for package in sorted(folder.glob("*-rapl:[0-9]*")):
        try:
            if not (package / "name").read_text().startswith("package-"):
                continue  # a part of a package, or the whole machine
            path = package / "energy_uj"
            counters[path] = int(path.read_text()), int((package / "max_energy_range_uj").read_text())
        except (OSError, ValueError):
            return {}
    return counters
