"""The original package's `mnist1d.utils`: seeds, arguments as attributes, and a picture of ten signals."""

import random
from typing import Any, NoReturn

import numpy as np

from ld_data.errors import InputError
from ld_data.extras import name_missing
from ld_data.mnist1d.transform import transform
from ld_data.typing import Array

# ruff: noqa: NPY002 - notebooks seed the global random state


class ObjectView:
    """The items of a dictionary as attributes."""

    def __init__(self, d: dict[str, Any]) -> None:
        self.__dict__ = d


def set_seed(seed: int | None) -> None:
    """Seed the global random states of Python and numpy."""
    random.seed(seed)
    np.random.seed(seed)


def to_pickle(thing: object, path: object) -> NoReturn:
    """Raise `InputError`: LD-Data writes no pickles."""
    raise InputError(
        f"{path} is not written: a pickle can run code when it is read. Keep arrays with numpy.savez(path, **arrays); "
        "`get_dataset(args, path)` keeps its set by itself."
    )


def from_pickle(path: object) -> NoReturn:
    """Raise `InputError`: LD-Data reads no pickles."""
    raise InputError(
        f"{path} is not read: a pickle can run code. For the published set or one of your arguments call "
        "`get_dataset(args, path)`; read arrays of numpy.savez with numpy.load(path)."
    )


def plot_signals(
    xs: Array,
    t: Array,
    labels: Array | None = None,
    args: Any = None,
    ratio: float = 2.6,
    do_transform: bool = False,
    dark_mode: bool = False,
    zoom: float = 1,
) -> Any:
    """Show the first ten signals, upright with time running down, and return the matplotlib figure.

    With `do_transform`, each signal passes through `transform` with `args` first.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    with name_missing():
        from matplotlib import pyplot  # import late: one second that only plots should pay

    figure, axes = pyplot.subplots(1, 10, figsize=(15, 1.5 * ratio), dpi=60)
    for number, axis in enumerate(axes):
        signal, times = transform(xs[number], t, args) if do_transform else (xs[number], t)
        axis.plot(signal, times, "wo" if dark_mode else "k-", linewidth=6 if dark_mode else 2)
        axis.set(xlim=(-zoom, zoom), ylim=(zoom, -zoom), xticks=[], yticks=[])
        if dark_mode:
            axis.set_facecolor("k")
        if labels is not None:
            axis.set_title(f"label={labels[number]}", fontsize=22)
    figure.tight_layout()
    pyplot.show()
    return figure
