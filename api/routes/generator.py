"""Routes: raw signals from the MNIST-1D generator."""

from collections.abc import Iterator
from dataclasses import fields, replace
from tempfile import TemporaryFile, gettempdir
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from api.messages.payload import (
    BINARY_CONTENT,
    JSON,
    NPY,
    NPZ,
    check_content_type,
    choose_answer_type,
    describe_array,
    parse_object,
    read_header,
    write_json,
)
from api.messages.refusals import describe_errors
from api.messages.request_record import find_record
from api.routes.state import WorkerState
from api.settings import Limits
from ld_data.errors import InputError, StorageError
from ld_data.mnist1d.config import CLASSES, Mnist1dConfig, check_templates
from ld_data.mnist1d.dataset import SignalPlan, choose_mode, collect, plan_mnist1d
from ld_data.mnist1d.files import stream_npy, stream_npz
from ld_data.storage.arrays import write_values
from ld_data.typing import Array

FURTHER_FIELDS = {
    "mode": {"enum": ["canonical", "fast", None], "description": "By default fast for all but the published set."},
    "templates": describe_array(2) | {"type": ["array", "null"]},
}
CONFIG_SCHEMA = TypeAdapter(Mnist1dConfig).json_schema() | {"additionalProperties": False}
CONFIG_SCHEMA["properties"] |= FURTHER_FIELDS
REQUEST = {"requestBody": {"required": True, "content": {JSON: {"schema": CONFIG_SCHEMA}}}}
SIGNALS, LABELS = describe_array(2), describe_array(1, "integer")
RESPONSE_FIELDS = {"x": SIGNALS, "y": LABELS, "x_test": SIGNALS, "y_test": LABELS, "t": describe_array(1)}
PART_BYTES = 2**18  # of a stream, in memory
STREAMS = {NPY: stream_npy, NPZ: stream_npz}

router = APIRouter(prefix="/v1/sources", tags=["sources"])


@router.post(
    "/mnist1d/generate",
    summary="MNIST-1D signals",
    openapi_extra=REQUEST,
    responses={
        200: {
            "description": "Signals (n, t), classes, time axis: as JSON or .npz; as .npy all signals, training "
            "first. In fast mode .npy and .npz are streamed, and may hold more rows.",
            "content": {
                JSON: {"schema": {"type": "object", "properties": RESPONSE_FIELDS}},
                **dict.fromkeys(STREAMS, BINARY_CONTENT),
            },
        },
        **describe_errors(406, 408, 413, 415, 422, 429, 503),
    },
)
async def generate(request: Request, worker: WorkerState) -> Response:
    """Answer with signals made for this request, the same for the same seed."""
    media_type = choose_answer_type(read_header(request.scope, b"accept"), JSON, *STREAMS)

    def write(body: bytes) -> Response:
        data = collect(_read_plan(request, body, worker.limits))
        return Response(write_json({name: getattr(data, name) for name in RESPONSE_FIELDS}), media_type=JSON)

    def stream(body: bytes) -> tuple[int, Iterator[bytes]]:
        plan = _read_plan(request, body, worker.limits, streamed=True)
        return _count_held(plan), STREAMS[media_type](spool(plan))

    if media_type == JSON:
        return await worker.run(request, write)
    return await worker.stream(request, stream, media_type)


def _read_plan(request: Request, body: bytes, limits: Limits, streamed: bool = False) -> SignalPlan:
    """Return the plan of the signals that a body asks for, within the limits."""
    check_content_type(request, JSON)
    values = parse_object(body)
    requested_mode, templates = values.pop("mode", None), values.pop("templates", None)
    config = _read_config(values)
    mode = choose_mode(config, templates, requested_mode)
    classes, length = (CLASSES, 0) if templates is None else check_templates(templates).shape
    steps = max(config.dilated_length, config.final_seq_length, length + config.padding[1])
    held = classes * config.paddings
    if streamed and mode == "fast":
        limits.check("max_streamed_values", config.num_samples * config.final_seq_length)
    else:
        limits.check("max_signals", config.num_samples)
        held += config.num_samples
    limits.check("max_values", held * steps)
    find_record(request.scope).rows = config.num_samples
    return plan_mnist1d(config, templates, mode)


def spool(plan: SignalPlan) -> SignalPlan:
    """Return a plan with the same signals in small parts: its blocks, of 20 MB, wait in a file without a name."""
    return replace(plan, parts=lambda: _read_spooled(plan))


def _read_spooled(plan: SignalPlan) -> Iterator[tuple[Array, Array]]:
    rows = max(1, PART_BYTES // (len(plan.t) * plan.dtype.itemsize))
    try:
        with TemporaryFile() as file:
            for signals, classes in plan.parts():
                file.seek(0)
                file.writelines(write_values(signals[i : i + rows]) for i in range(0, len(classes), rows))
                del signals
                file.seek(0)
                for start in range(0, len(classes), rows):
                    part = classes[start : start + rows]
                    values = file.read(len(part) * len(plan.t) * plan.dtype.itemsize)
                    yield np.frombuffer(values, plan.dtype).reshape(len(part), -1), part
    except OSError as error:
        raise StorageError(f"the signals of a stream cannot wait in {gettempdir()}: {error}.") from error


def _count_held(plan: SignalPlan) -> int:
    """Return about how many bytes a stream holds between two parts: templates, classes, and signals if it has all."""
    templates = len(plan.templates) * plan.config.paddings * plan.config.dilated_length
    values = plan.rows * len(plan.t) if plan.dtype == np.float64 else 0
    return 8 * (templates + values) + plan.rows + 2 * PART_BYTES


def _read_config(values: dict[str, Any]) -> Mnist1dConfig:
    known = {field.name for field in fields(Mnist1dConfig)}
    if unknown := sorted(set(values) - known):
        names = ", ".join(sorted({*known, *FURTHER_FIELDS}))
        raise InputError(f"unknown arguments: {', '.join(unknown)}. Known: {names}.")
    return Mnist1dConfig(**values)
