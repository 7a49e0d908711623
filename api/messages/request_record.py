"""The facts of one request that the metrics and the request log report."""

from dataclasses import dataclass

from starlette.types import Scope


@dataclass(slots=True)
class RequestRecord:
    """Filled in while a request is answered."""

    template: str = ""  # the path of the route with its parameters unfilled, where the framework does not choose it
    rows: int | None = None  # of the array in the request, if there is one
    error_type: str = ""  # the slug of the error that was answered


def find_record(scope: Scope) -> RequestRecord:
    """Return the record of a request; the first call puts one into the scope."""
    record: RequestRecord | None = scope.get("ld_data.record")
    if record is None:
        record = scope["ld_data.record"] = RequestRecord()
    return record
