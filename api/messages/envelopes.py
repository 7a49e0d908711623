"""The JSON objects of requests, checked by pydantic, which never sees the numbers in them."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from api.messages.payload import MAX_ECHO
from ld_data.errors import InputError

KINDS = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "int_type": "a whole number",
    "is_instance_of": "an array",
    "list_type": "an array",
    "model_type": "an object",
    "string_type": "a text",
}


class Envelope(BaseModel):
    """A JSON object with known fields; in all of them, null counts as a missing value."""

    model_config = ConfigDict(strict=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_fields(cls, values: Any) -> Any:
        """Return the values, or stop at the first unknown field: pydantic would collect millions of errors."""
        known = cls.model_fields
        unknown = next((name for name in values if name not in known), None) if isinstance(values, dict) else None
        if unknown is not None:
            names = ", ".join(sorted(known))
            raise PydanticCustomError("unknown_field", f"the unknown field {unknown[:MAX_ECHO]}. Known: {names}")
        return values

    @classmethod
    def read(cls, values: Any, place: str = "the request") -> Self:
        """Return the values of a JSON object; `place` names the object in messages.

        Raises:
            InputError: a field is unknown, missing or has the wrong type; the message names the first one.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(_explain(error.errors(include_url=False)[0], place)) from error


Numbers = InstanceOf[list[Any]]  # not validated as a list: pydantic would copy it


class InputParameters(Envelope):
    """The parameters of an input."""

    binary_data_size: int | None = None


class InputTensor(Envelope):
    """An input: `data` holds its numbers, or `binary_data_size` bytes after the JSON do."""

    name: str
    shape: Numbers
    datatype: str
    parameters: InputParameters | None = None
    data: Numbers | None = None


class OutputParameters(Envelope):
    """The parameters of a requested output."""

    binary_data: bool | None = None


class RequestedOutput(Envelope):
    """A requested output."""

    name: str
    parameters: OutputParameters | None = None


class InferenceRequest(Envelope):
    """A request of the Open Inference Protocol."""

    id: str | None = None
    model_name: str | None = None
    parameters: dict[str, Any] | None = None
    inputs: list[InputTensor] = Field(fail_fast=True)
    outputs: list[RequestedOutput] | None = Field(None, fail_fast=True)


class Parameters(Envelope):
    """The parameters of a request to a decoder."""

    binary_data_output: bool | None = None


class DrawParameters(Parameters):
    """The parameters of a request to an encoder."""

    mode: str | None = None
    seed: int | None = None
    first_row: int | None = None


class IndexRequest(Envelope):
    """A request for the list of models."""

    ready: bool | None = None


def _explain(error: ErrorDetails, place: str) -> str:
    names = [str(name) for name in error["loc"]]
    if error["type"] == "unknown_field":
        return f"{'.'.join(names) or place} has {error['msg']}."
    if error["type"] == "missing":
        return f"{'.'.join(names[:-1]) or place} lacks {names[-1]}."
    expected = KINDS.get(error["type"], error["msg"])
    return f"{'.'.join(names) or place} must be {expected}; received {type(error['input']).__name__}."
