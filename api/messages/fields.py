"""JSON objects of requests, read field by field: the first that is not as it should be is told."""

from typing import Any, TypeVar

from api.messages.payload import MAX_ECHO
from ld_data.errors import InputError

Value = TypeVar("Value")
Default = TypeVar("Default")
JSON_NAMES = {dict: "an object", list: "an array", str: "a text", int: "a whole number", bool: "true or false"}


class Fields:
    """The fields of an object, each taken once; `finish` refuses those that nobody took."""

    def __init__(self, place: str, values: Any) -> None:
        """Take the object, and the words that tell people which one it is; raise `InputError` if it is none."""
        if not isinstance(values, dict):
            raise InputError(f"{place} must be an object; received {type(values).__name__}.")
        self._place, self._values, self._known = place, values, set[str]()

    def take(self, name: str, kind: type[Value], default: Default) -> Value | Default:
        """Return a field of a kind, or the default if it is null or not there; raise `InputError` for another kind."""
        self._known.add(name)
        value = self._values.get(name)
        if value is None:
            return default
        if type(value) is not kind:  # a bool is no number here
            raise InputError(f"{name} of {self._place} must be {JSON_NAMES[kind]}; received {type(value).__name__}.")
        return value

    def need(self, name: str, kind: type[Value]) -> Value:
        """Return a field of a kind; raise `InputError` if it is of another, null, or not there."""
        value = self.take(name, kind, None)
        if value is None:
            raise InputError(f"{self._place} lacks {name}, {JSON_NAMES[kind]}.")
        return value

    def finish(self) -> None:
        """Raise `InputError` for a field that was not taken."""
        unknown = next((name for name in self._values if name not in self._known), None)
        if unknown is not None:
            known = ", ".join(sorted(self._known)) or "none"
            raise InputError(f"{self._place} has the unknown field {unknown[:MAX_ECHO]}. Known: {known}.")
