"""The original package's `mnist1d.data`: its notebooks run with another import line.

`make_dataset` draws from a private random state. There is no download and no pickle: the published set is generated,
and stored as `.npz`.
"""

import dataclasses
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ld_data.checks import check_numbers
from ld_data.errors import InputError, IntegrityError
from ld_data.mnist1d.config import Mnist1dConfig, check_templates, make_template_times, make_templates
from ld_data.mnist1d.dataset import make_canonical
from ld_data.mnist1d.steps import interpolate
from ld_data.mnist1d.transform import read_args
from ld_data.mnist1d.utils import ObjectView
from ld_data.storage.arrays import read_npz, write_npz
from ld_data.storage.staging import stage_file
from ld_data.typing import Array
from ld_data.user_arrays import read_array

URL = "https://github.com/greydanus/mnist1d/raw/master/mnist1d_data.pkl"
ARRAYS = ("x", "x_test", "y", "y_test", "t")
TEMPLATE_ARRAYS = ("x", "t", "y")


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
    config = read_args(get_dataset_args() if args is None else args)
    templates = get_templates() if template is None else _read_template(template)
    x, classes, std = make_canonical(check_templates(templates["x"]), config)
    t = check_numbers(templates["t"], "t").astype(np.float64)
    y = read_array(templates["y"], "y")[classes]
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


def _read_template(template: Mapping[str, Array]) -> dict[str, Any]:
    if not isinstance(template, Mapping) or not set(TEMPLATE_ARRAYS) <= set(template):
        received = ", ".join(template) if isinstance(template, Mapping) else type(template).__name__
        raise InputError(f"a template is a dictionary of x, t and y, as of `get_templates()`; received {received}.")
    x, t, y = (np.shape(template[name]) for name in TEMPLATE_ARRAYS)
    if len(x) != 2 or t != x[1:] or y != x[:1]:
        raise InputError(f"a template needs x (k, l), its time axis t (l,) and classes y (k,); received {x}, {t}, {y}.")
    return dict(template)
