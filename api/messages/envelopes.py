"""The JSON objects of requests, checked by pydantic, which never sees the numbers in them."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError

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

    model_config = ConfigDict(strict=True, extra="allow")  # "forbid" collects an error for each of a million fields

    @classmethod
    def read(cls, values: Any) -> Self:
        """Return the values of a JSON object.

        Raises:
            InputError: a field is unknown, missing or has the wrong type; the message names the first one.
        """
        try:
            envelope = cls.model_validate(values)
        except ValidationError as error:
            raise InputError(_explain(error)) from error
        envelope._refuse_unknown_fields()
        return envelope

    def _refuse_unknown_fields(self, place: str = "") -> None:
        if self.__pydantic_extra__:
            unknown, names = next(iter(self.__pydantic_extra__)), ", ".join(sorted(type(self).model_fields))
            raise InputError(f"{place or 'the request'} has the unknown field {unknown[:MAX_ECHO]}. Known: {names}.")
        for name, value in self.__dict__.items():  # isinstance takes long for classes of pydantic
            if hasattr(value, "__pydantic_extra__"):
                value._refuse_unknown_fields(f"{place}.{name}".lstrip("."))
            elif type(value) is list and value and hasattr(value[0], "__pydantic_extra__"):
                for number, item in enumerate(value):
                    item._refuse_unknown_fields(f"{name}.{number}")


Numbers = InstanceOf[list[Any]]  # not validated as a list: pydantic would copy it


class TensorParameters(Envelope):
    """The parameters that clients of other servers send with each tensor, and that mean nothing here."""

    content_type: str | None = None


class InputParameters(TensorParameters):
    """The parameters of an input."""

    binary_data_size: int | None = None


class InputTensor(Envelope):
    """An input: `data` holds its numbers, or `binary_data_size` bytes after the JSON do."""

    name: str
    shape: Numbers
    datatype: str
    parameters: InputParameters | None = None
    data: Numbers | None = None


class OutputParameters(TensorParameters):
    """The parameters of a requested output."""

    binary_data: bool | None = None


class RequestedOutput(Envelope):
    """A requested output."""

    name: str
    parameters: OutputParameters | None = None


class Parameters(Envelope):
    """The parameters of a request to a decoder.

    Common clients send the others by themselves. They mean nothing here: every request is on its own, is answered in
    its turn, and says its types.
    """

    binary_data_output: bool | None = None
    timeout: int | None = None
    priority: int | None = None
    sequence_id: int | str | None = None
    sequence_start: bool | None = None
    sequence_end: bool | None = None
    content_type: str | None = None
    headers: dict[str, Any] | None = None


class DrawParameters(Parameters):
    """The parameters of a request to an encoder."""

    mode: str | None = None
    seed: int | None = None
    first_row: int | None = None


class InferenceRequest(Envelope):
    """A request of the Open Inference Protocol."""

    id: str | None = None
    model_name: str | None = None
    parameters: Parameters | None = None
    inputs: list[InputTensor] = Field(fail_fast=True)
    outputs: list[RequestedOutput] | None = Field(None, fail_fast=True)


class DrawRequest(InferenceRequest):
    """A request to an encoder."""

    parameters: DrawParameters | None = None


class IndexRequest(Envelope):
    """A request for the list of models."""

    ready: bool | None = None


def _explain(failure: ValidationError) -> str:
    error = failure.errors(include_url=False)[0]
    names = [str(name) for name in error["loc"]]
    if error["type"] == "missing":
        return f"{'.'.join(names[:-1]) or 'the request'} lacks {names[-1]}."
    expected = KINDS.get(error["type"], error["msg"])
    return f"{'.'.join(names) or 'the request'} must be {expected}; received {type(error['input']).__name__}."
