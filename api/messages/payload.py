"""Arrays in bodies, as JSON or `.npy`, by Content-Type and Accept (RFC 9110, sections 8.3 and 12.5.1).

`orjson` and numpy read the arrays, large ones in pieces, not pydantic, which would check each number in turn. `.npy` is
read by hand in `ld_data.storage.arrays`, since `numpy.load` allocates as many bytes as a header declares.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from fastapi import Request
from starlette.types import Scope
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from api.errors import MediaTypeError, NotAcceptableError
from api.messages.numbers import MAX_NUMBERS, PLACE, is_large, parse_json, parse_large
from api.messages.request_record import find_headers
from ld_data.errors import InputError
from ld_data.storage.arrays import NPY_MAGIC, read_npy
from ld_data.typing import Array

JSON = "application/json"
NPY = "application/x-npy"
NPZ = "application/x-npz"
MAX_ECHO = 200  # characters of a request that an error repeats
KEPT_HEADERS = 64  # clients send the same few headers in every request

Schema = dict[str, Any]
BINARY_CONTENT: Schema = {"schema": {"type": "string", "format": "binary"}}


def read_array(request: Request, body: bytes, field: str, max_rows: int = MAX_NUMBERS) -> Array:
    """Return the array in the body of a request: the one field `field` of a JSON object, or `.npy` bytes.

    Raises:
        InputError: the body does not hold such an array, or in JSON more rows (`TooLargeError`).
        MediaTypeError: the Content-Type is neither JSON nor `.npy`.
    """
    if check_content_type(request, JSON, NPY) == NPY:
        return read_npy(body)
    values = parse_object(body, max_rows)
    if set(values) != {field}:
        received = str(sorted(values))[:MAX_ECHO]
        raise InputError(f'expected a JSON object {{"{field}": [...]}}; received the fields {received}.')
    if isinstance(values[field], np.ndarray):
        return values[field]
    if body.count(b'"') > 2:  # a few MB of texts would fill the memory: see `make_array`
        raise InputError(f"{field} must be numbers; received texts among them.")
    return make_array(values[field], field)


def make_array(values: object, name: str) -> Array:
    """Return nested lists as an array; the caller refuses texts, which numpy stores each at the size of the longest.

    Raises:
        InputError: the lists differ in length.
    """
    try:
        return np.array(values)
    except ValueError as error:
        raise InputError(f"{name} must be a rectangular array of numbers: {error}.") from error


def read_header(scope: Scope, name: bytes) -> str:
    """Return a header of a request, its values joined if there are several, or an empty text; `name` in lower case."""
    return find_headers(scope).get(name, b"").decode("latin-1")


@lru_cache(KEPT_HEADERS)
def read_media_type(content_type: str) -> str:
    """Return the media type in a header Content-Type, in lower case and without parameters."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(KEPT_HEADERS)
def choose_media_type(accept: str, known: tuple[str, ...]) -> str | None:
    """Return the media type among `known` that a header Accept prefers, or None if it accepts none of them.

    Without a header it is the first. Among equally preferred types, it is the most exactly named one, and then the
    first. Parameters other than q, and ranges with an error, are ignored.
    """
    if not accept.strip():
        return known[0]
    ranges = parse_accept_header(accept, MIMEAccept)
    return MIMEAccept((name.partition(";")[0], quality) for name, quality in ranges).best_match(known)


def choose_answer_type(accept: str, *known: str) -> str:
    """Return the media type that a header Accept prefers; the first without a header.

    Raises:
        NotAcceptableError: the header accepts none of them.
    """
    chosen = choose_media_type(accept, known)
    if chosen is None:
        raise NotAcceptableError(f"expected an Accept with {', '.join(known)} or */*; received {accept[:MAX_ECHO]}.")
    return chosen


def write_json(values: Any) -> bytes:
    """Return JSON of values and arrays."""
    return orjson.dumps(values, default=np.ascontiguousarray, option=orjson.OPT_SERIALIZE_NUMPY)


async def refuse_unknown_parameters(request: Request) -> None:
    """Check that the route knows every query parameter of a request.

    Raises:
        InputError: a parameter is unknown, such as a mistyped one.
    """
    route = request.scope["route"].dependant
    known = sorted(query.alias for part in (route, *route.dependencies) for query in part.query_params)
    if unknown := sorted(set(request.query_params) - set(known)):
        takes = f"takes {', '.join(known)}" if known else "takes no query parameters"
        raise InputError(f"unknown query parameters: {', '.join(unknown)}. This route {takes}.")


def describe_request(field: str, schema: Schema) -> dict[str, Any]:
    """Return the OpenAPI description of a body that `read_array` reads."""
    json_schema = {"type": "object", "required": [field], "properties": {field: schema}, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": json_schema}, NPY: BINARY_CONTENT}}}


def describe_response(description: str, *others: str, **fields: Schema) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of an answer: JSON with these fields, `.npy`, and other media types."""
    json_schema = {"type": "object", "required": list(fields), "properties": fields}
    content = {JSON: {"schema": json_schema}} | dict.fromkeys((NPY, *others), BINARY_CONTENT)
    return {200: {"description": description, "content": content}}


def describe_array(dimensions: int, item: str = "number") -> Schema:
    """Return the JSON schema of a nested array of numbers."""
    schema: Schema = {"type": item}
    for _ in range(dimensions):
        schema = {"type": "array", "items": schema}
    return schema


def check_content_type(request: Request, *known: str) -> str:
    """Return the Content-Type of a request; JSON if there is none, or only the default of curl.

    Raises:
        MediaTypeError: the Content-Type is not among `known`.
    """
    received = read_media_type(read_header(request.scope, b"content-type"))
    content_type = JSON if received in ("", "application/x-www-form-urlencoded") else received
    if content_type not in known:
        raise MediaTypeError(f"expected Content-Type {' or '.join(known)}; received {received[:MAX_ECHO]}.")
    return content_type


def parse_object(body: bytes, max_rows: int = MAX_NUMBERS) -> dict[str, Any]:
    """Return the JSON object in a body; a field with a large array has it as an array. Raises as `parse_message`."""
    values, array = parse_message(body, max_rows)
    if array is None:
        return values
    return {name: array if value == [PLACE] else value for name, value in values.items()}


def parse_message(body: bytes, max_rows: int = MAX_NUMBERS) -> tuple[dict[str, Any], Array | None]:
    """Return the JSON object in a body, and its array if the body is large: `[PLACE]` stands in its place.

    Raises:
        InputError: the body is not a JSON object, or it is large and is not mostly an array of numbers.
        TooLargeError: a large array has more rows.
    """
    if body.startswith(NPY_MAGIC):
        raise InputError(f"the body is .npy, but its Content-Type says otherwise: send it with Content-Type: {NPY}.")
    values, array = parse_large(body, max_rows) if is_large(body) else (parse_json(body), None)
    if not isinstance(values, dict):
        raise InputError(f"expected a JSON object; received {type(values).__name__}.")
    return values, array
