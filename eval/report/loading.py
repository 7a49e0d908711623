"""Learning rules by name: a built-in one, or a class or function in a file or module of the user."""

import importlib
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np

from eval.names import RULES
from eval.rules.network import Network, RulePlan
from ld_data.errors import InputError, LdDataError, UnknownNameError
from ld_data.release.dataset import LatentDataset
from ld_data.storage.hashing import hash_file

EXPECTED = "expected a class with `suggest`, best a subclass of eval.rules.Network, or a function fit(x, y, seed)"
PACKAGE = str(Path(__file__).parents[1])  # of rules, whose lines say less than those that call them


def load_object(name: str, folder: Path) -> Any:
    """Return the object named by `module:name` or `file.py:name`; `folder` is the first place to look.

    Raises:
        InputError: if the name has another form, or a loaded module of the same name hides the file.
        UnknownNameError: if the module or the object does not exist.
    """
    place, _, object_name = name.rpartition(":")
    if place.endswith(".py"):
        path = (folder / place).resolve()
        folder, place = path.parent, path.stem
    if not all(part.isidentifier() for part in place.split(".")) or not object_name.isidentifier():
        raise InputError(f"expected module:function, as in my_model:fit; received {name!r}.")
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{place}.".startswith(f"{error.name}."):
            raise  # the module exists and imports another one that does not
        raise UnknownNameError(
            f"no module {place} in {folder} or among the installed ones: expected {place}.py there."
        ) from error
    finally:
        sys.path.remove(str(folder))
    own_file, loaded = folder.joinpath(*place.split(".")).with_suffix(".py"), module.__file__ or ""
    if own_file.is_file() and own_file.resolve() != Path(loaded).resolve():  # Python loads a name once
        raise InputError(f"{own_file} has the name of a module that is loaded already, {loaded}. Rename the file.")
    found = getattr(module, object_name, None)
    if found is None:
        own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == place]
        raise UnknownNameError(f"no {object_name} in {place}. Defined there: {', '.join(own) or 'nothing'}.")
    return found


@dataclass(frozen=True)
class Rule:
    """A learning rule by its name: a built-in one, or `module:name` or `file.py:name`, looked for in a folder first."""

    name: str
    folder: Path

    def load(self) -> Any:
        """Return the class of the rule, or its function `fit(x, y, seed)`.

        Raises:
            InputError: it is neither, or its file cannot be imported.
            UnknownNameError: it does not exist.
        """
        if ":" not in self.name:
            if self.name not in RULES:
                raise UnknownNameError(
                    f"no learning rule {self.name!r}. Known: {', '.join(RULES)}. A rule of your own is named as "
                    "my_rule.py:MyRule."
                )
            return resolve_name(f"eval.{RULES[self.name]}")
        try:
            found = load_object(self.name, self.folder)
        except LdDataError:
            raise
        except Exception as error:
            raise InputError(f"the file of {self.name} does not import: {describe_error(error)}.") from error
        self.check(found)
        return found

    def hash_source(self) -> str:
        """Return the sha256 of the file of a loaded rule; "" for a built-in one, which is a part of LD-Data."""
        place = self.name.rpartition(":")[0]
        file = sys.modules[Path(place).stem if place.endswith(".py") else place].__file__ if place else None
        return hash_file(Path(file)) if file else ""

    def check(self, found: object) -> None:
        """Raise `InputError` unless an object is a class with all that a rule needs, or a function."""
        if not isinstance(found, type):
            if not callable(found):
                raise InputError(f"{self.name} is of type {type(found).__name__}; {EXPECTED}.")
            return
        if getattr(found, "suggest", Network.suggest) is Network.suggest:
            raise InputError(f"the class {self.name} has no `suggest` of its own; {EXPECTED}.")
        if not callable(getattr(found, "predict", None)):
            raise InputError(f"the class {self.name} has no `predict`; {EXPECTED}.")
        if not isinstance(find_plan(found), RulePlan):
            raise InputError(f"`plan` of {self.name} must be an eval.rules.RulePlan; received {find_plan(found)!r}.")


def find_plan(rule: type) -> RulePlan:
    """Return the plan of a rule's class, or the usual one."""
    return getattr(rule, "plan", RulePlan())


def make_network(name: str, rule: type, data: LatentDataset, plan: RulePlan, seed: int) -> Any:
    """Return a new network of a rule, from the x to the y of a dataset, none of whose rows it is given.

    Raises:
        InputError: its constructor raises, or it has no list of weights.
    """
    random = np.random.default_rng(seed)
    bare = hide_rows(data)
    try:
        if hasattr(rule, "make_for"):
            network = rule.make_for(bare, plan.units, random)
        else:
            network = rule([data.latent_dim, *plan.units, data.latent_dim], random)
    except Exception as error:
        reason = describe_error(error)
        raise InputError(f"{name} cannot be made with hidden layers of {plan.units}: {reason}.") from error
    weights = getattr(network, "weights", None)
    if not isinstance(weights, list) or not all(isinstance(array, np.ndarray) for array in weights) or not weights:
        raise InputError(f"{name} must have `weights`, a list of arrays, once it is made; received {weights!r:.200}.")
    return network


def hide_rows(data: LatentDataset) -> LatentDataset:
    """Return a dataset with the sizes and classes of another, and none of its rows."""
    none = data.train.take(0)
    return LatentDataset(data.name, none, none, data.class_weight, data.class_bias, data.class_mean)


def describe_error(error: Exception) -> str:
    """Return an exception as words, with the file and line of the user's code that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename and PACKAGE not in frame.filename]
    place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {str(error).rstrip('.')}{'' if isinstance(error, SyntaxError) else place}"
