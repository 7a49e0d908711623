"""The functions of the original MNIST-1D package under their own names: its notebooks run with another import line.

`set_seed`, `pad` and `transform` use numpy's global random state, as notebooks expect; `make_dataset` draws from a
private one. There is no download and no pickle: the published set is generated, and stored as `.npz`.
"""

import dataclasses
import random
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ld_data.errors import InputError, IntegrityError
from ld_data.extras import name_missing
from ld_data.mnist1d.config import Mnist1dConfig, check_templates, make_template_times, make_templates
from ld_data.mnist1d.dataset import make_canonical
from ld_data.mnist1d.steps import Draws, dilate, interpolate, make_signals
from ld_data.storage.arrays import read_npz, write_npz
from ld_data.storage.staging import stage_file
from ld_data.typing import Array

# ruff: noqa: NPY002 - notebooks seed the global random state
URL = "https://github.com/greydanus/mnist1d/raw/master/mnist1d_data.pkl"
ARRAYS = ("x", "x_test", "y", "y_test", "t")
TEMPLATE_ARRAYS = ("x", "t", "y")
SET_ARGUMENTS = ("num_samples", "train_split", "shuffle_seq", "seed")  # arguments that a single signal does not need


class ObjectView:
    """The items of a dictionary as attributes."""

    def __init__(self, d: dict[str, Any]) -> None:
        self.__dict__ = d


def set_seed(seed: int) -> None:
    """Seed the global random states of Python and numpy."""
    random.seed(seed)
    np.random.seed(seed)


def get_dataset_args(as_dict: bool = False) -> Any:
    """Return the arguments of the published set, as an `ObjectView` or a dictionary."""
    args = dataclasses.asdict(Mnist1dConfig()) | {"url": URL}
    args["padding"] = list(args["padding"])
    return args if as_dict else ObjectView(args)


def get_templates() -> dict[str, Array]:
    """Return the templates: x `(10, 12)`, their time axis t `(12,)`, their classes y `(10,)`."""
    x = make_templates()
    return {"x": x, "t": make_template_times(x.shape[1]), "y": np.arange(len(x))}


def make_dataset(args: Any = None, template: Mapping[str, Array] | None = None) -> dict[str, Any]:
    """Return x, y, x_test, y_test, t and the templates, equal to those of the original for the same arguments.

    Raises:
        InputError: an argument is missing or out of range, or the template is not like that of `get_templates`.
    """
    config = _read_args(get_dataset_args() if args is None else args)
    templates = get_templates() if template is None else _read_template(template)
    x, classes, std = make_canonical(check_templates(templates["x"]), config)
    t = np.asarray(templates["t"], np.float64)
    y = np.asarray(templates["y"])[classes]
    split = int(len(y) * config.train_split)
    t = interpolate(interpolate(t, config.dilated_length), config.final_seq_length) / std
    return {"x": x[:split], "x_test": x[split:], "y": y[:split], "y_test": y[split:], "t": t, "templates": templates}


def get_dataset(
    args: Any,
    path: str | Path | None = None,
    verbose: bool = True,
    download: bool = True,
    regenerate: bool = False,
    template: Mapping[str, Array] | None = None,
) -> dict[str, Any]:
    """Return the data set stored at a path, whatever its arguments; or generate one and store it there.

    With `download` that is the published set, as in the original, although it is generated here; without, the set of
    the arguments and the template. `regenerate` replaces a stored set. The file is an `.npz`: a pickle of that name is
    not read, and a warning says so.

    Raises:
        InputError: both `download` and `regenerate` are true, or the path has no file name.
        IntegrityError: the stored file is damaged, or another kind of file.
        StorageError: the disk refuses.
    """
    if download and regenerate:
        raise InputError("download gives the published set, regenerate the set of your arguments: choose one.")
    place = _find_place(path)
    if place.exists() and not regenerate:
        dataset, message = _load(place), f"Loaded {place}"
    else:
        dataset = make_dataset() if download else make_dataset(args, template)
        templates = {f"templates_{name}": dataset["templates"][name] for name in TEMPLATE_ARRAYS}
        with stage_file(place) as draft:
            write_npz(draft, {name: dataset[name] for name in ARRAYS} | templates)
        message = f"Generated the data set and wrote {place}"
    if verbose:
        print(message)
    return dataset


def _find_place(path: str | Path | None) -> Path:
    """Return the path of the `.npz` file; warn if there is only a pickle of that name."""
    asked = Path("mnist1d_data.pkl" if path is None else path)
    if not asked.name:
        raise InputError(f"path must name a file; received {str(path)!r}.")
    place = asked.with_name(f"{asked.name.removesuffix('.pkl').removesuffix('.npz')}.npz")
    if asked != place and asked.exists() and not place.exists():
        warnings.warn(
            f"{asked} is not read, as pickles can run code. The set is generated and stored in {place}.", stacklevel=3
        )
    return place


def _load(place: Path) -> dict[str, Any]:
    arrays = read_npz(place)
    if missing := {*ARRAYS, *(f"templates_{name}" for name in TEMPLATE_ARRAYS)} - set(arrays):
        names = ", ".join(sorted(missing))
        raise IntegrityError(f"{place}: expected a file of `get_dataset`; {names} missing. Move it.")
    templates = {name: arrays[f"templates_{name}"] for name in TEMPLATE_ARRAYS}
    return {name: arrays[name] for name in ARRAYS} | {"templates": templates}


def pad(x: Array, padding: tuple[int, int]) -> Array:
    """Return a signal `(l,)` or signals `(n, l)` with zeros at the end, their number drawn from an interval."""
    low, high = padding
    steps = low + int(np.random.rand() * (high - low + 1))
    return np.concatenate([x, np.zeros((*x.shape[:-1], steps))], axis=-1)


def transform(x: Array, y: Array, args: Any, eps: float = 1e-8) -> tuple[Array, Array]:
    """Return a signal `(t,)` of one template `(l,)`, not standardised, and its time axis `(t,)`.

    Raises:
        InputError: an argument is missing or out of range; `SET_ARGUMENTS` may be missing.
    """
    config = _read_args(args, SET_ARGUMENTS)
    length = config.dilated_length
    draws = Draws(
        padding=np.array([int(np.random.rand() * config.paddings)]),
        scale=np.random.rand(1),
        translation=np.random.randint(config.max_translation, size=1),
        corr_noise=np.random.randn(1, length),
        iid_noise=np.random.randn(1, length),
        shear=np.random.rand(1),
    )
    signals = make_signals(dilate(check_templates([x]), config, eps), np.zeros(1, np.int64), draws, config)
    return signals[0], interpolate(interpolate(y, length), config.final_seq_length)


def _read_args(args: Any, optional: Collection[str] = ()) -> Mnist1dConfig:
    """Return the configuration of an `ObjectView`, a namespace or a dictionary."""
    values = args if isinstance(args, Mapping) else getattr(args, "__dict__", None)
    if values is None:
        raise InputError(f"the arguments are those of `get_dataset_args()`; received {type(args).__name__}.")
    names = [field.name for field in dataclasses.fields(Mnist1dConfig)]
    if missing := [name for name in names if name not in values and name not in optional]:
        raise InputError(f"the arguments lack {', '.join(missing)}; `get_dataset_args()` has them all.")
    return Mnist1dConfig(**{name: values[name] for name in names if name in values})


def _read_template(template: Mapping[str, Array]) -> dict[str, Any]:
    if not isinstance(template, Mapping) or not set(TEMPLATE_ARRAYS) <= set(template):
        received = ", ".join(template) if isinstance(template, Mapping) else type(template).__name__
        raise InputError(f"a template is a dictionary of x, t and y, as of `get_templates()`; received {received}.")
    x, t, y = (np.shape(template[name]) for name in TEMPLATE_ARRAYS)
    if len(x) != 2 or t != x[1:] or y != x[:1]:
        raise InputError(f"a template needs x (k, l), its time axis t (l,) and classes y (k,); received {x}, {t}, {y}.")
    return dict(template)


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
