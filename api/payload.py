"""Arrays in and out of requests: JSON or `.npy`, by Content-Type and Accept."""

import io
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import orjson
from fastapi import Request, Response

from ld_data.arrays import NPY_MAGIC, read_npy, write_npy
from ld_data.errors import InputError, MediaTypeError

JSON = "application/json"
NPY = "application/x-npy"
NPZ = "application/x-npz"
MAX_ECHO = 200  # characters of a body that an error repeats

Schema = dict[str, Any]


def read_object(request: Request, body: bytes) -> dict[str, Any]:
    """Return the JSON object in a request's body; raise `MediaTypeError` or `InputError` if there is none."""
    _check_content_type(request, JSON)
    return _parse_object(body)


def read_array(request: Request, body: bytes, field: str) -> np.ndarray:
    """Return the array in a request's body: the one field `field` of a JSON object, or `.npy` bytes.

    Raises `MediaTypeError` for another Content-Type, `InputError` for a body that is not such an array.
    """
    if _check_content_type(request, JSON, NPY) == NPY:
        return read_npy(body)
    values = _parse_object(body)
    if set(values) != {field}:
        received = str(sorted(values))[:MAX_ECHO]
        raise InputError(f'expected a JSON object {{"{field}": [...]}}; received the fields {received}.')
    if body.count(b'"') > 2:  # numpy gives each element the room of the longest text: a few MB would fill the memory
        raise InputError(f"{field} must be numbers; received texts among them.")
    try:
        return np.array(values[field])
    except ValueError as error:
        raise InputError(f"{field} must be a rectangular array of numbers: {error}.") from error


def write_arrays(request: Request, npy: np.ndarray, **arrays: np.ndarray) -> Response:
    """Return arrays as a JSON object, or the one array `npy` as `.npy` if the request's Accept names that type."""
    if NPY in request.headers.get("accept", ""):
        return Response(write_npy(npy), media_type=NPY)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return Response(_dump(contiguous), media_type=JSON)


async def stream_rows(
    request: Request, field: str, parts: AsyncIterator[np.ndarray], rows: int
) -> tuple[AsyncIterator[bytes], str, dict[str, str]]:
    """Return the chunks of an answer of rows that come in parts, its media type, and its headers.

    It is what `write_arrays` answers to the same request with all the rows. The first part is waited for.
    """
    first = await anext(parts)
    if NPY not in request.headers.get("accept", ""):
        return _stream_json(field, first, parts), JSON, {}
    header = _write_npy_header((rows, *first.shape[1:]), first.dtype)
    length = len(header) + rows * first[:1].nbytes
    return _stream_npy(header, first, parts), NPY, {"Content-Length": str(length)}


def _write_npy_header(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    stream = io.BytesIO()
    values = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, values)
    return stream.getvalue()


async def _stream_npy(header: bytes, first: np.ndarray, parts: AsyncIterator[np.ndarray]) -> AsyncIterator[bytes]:
    yield header + first.tobytes()
    async for part in parts:
        yield part.tobytes()


async def _stream_json(field: str, first: np.ndarray, parts: AsyncIterator[np.ndarray]) -> AsyncIterator[bytes]:
    yield b'{"%s":[' % field.encode() + _dump(first)[1:-1]
    async for part in parts:
        yield b"," + _dump(part)[1:-1]
    yield b"]}"


def _dump(values: Any) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)


def refuse_unknown_parameters(request: Request) -> None:
    """Raise `InputError` for a query parameter that the route does not know, such as a mistyped one."""
    route = request.scope["route"].dependant
    known = sorted(query.alias for part in (route, *route.dependencies) for query in part.query_params)
    if unknown := sorted(set(request.query_params) - set(known)):
        takes = f"takes {', '.join(known)}" if known else "takes no query parameters"
        raise InputError(f"unknown query parameters: {', '.join(unknown)}. This route {takes}.")


def describe_request(field: str, schema: Schema) -> dict[str, Any]:
    """Return the OpenAPI description of a body that `read_array` reads."""
    json_schema = {"type": "object", "required": [field], "properties": {field: schema}, "additionalProperties": False}
    return {
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": json_schema}, NPY: {"schema": {"type": "string", "format": "binary"}}},
        }
    }


def describe_response(description: str, **fields: Schema) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of an answer that `write_arrays` writes."""
    json_schema = {"type": "object", "required": list(fields), "properties": fields}
    content = {JSON: {"schema": json_schema}, NPY: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": description, "content": content}}


def describe_array(dimensions: int, item: str = "number") -> Schema:
    """Return the JSON schema of a nested array of numbers."""
    schema: Schema = {"type": item}
    for _ in range(dimensions):
        schema = {"type": "array", "items": schema}
    return schema


def _check_content_type(request: Request, *known: str) -> str:
    """Return the Content-Type, JSON if there is none or the one that curl sends by itself; else `MediaTypeError`."""
    received = request.headers.get("content-type", "").split(";")[0].strip().lower()
    content_type = JSON if received in ("", "application/x-www-form-urlencoded") else received
    if content_type not in known:
        raise MediaTypeError(f"expected Content-Type {' or '.join(known)}; received {received}.")
    return content_type


def _parse_object(body: bytes) -> dict[str, Any]:
    if body.startswith(NPY_MAGIC):
        raise InputError(f"the body is .npy, but is not declared so: send it with Content-Type: {NPY}.")
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"the body is not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise InputError(f"expected a JSON object; received {type(values).__name__}.")
    return values
