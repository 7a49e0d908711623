"""The facts of one request that the metrics and the request log report."""

from dataclasses import dataclass

from starlette.types import Scope

KEY = "ld_data.record"


@dataclass(slots=True)
class RequestRecord:
    """Filled in while a request is answered.

    Attributes:
        template: the path of the route with its parameters unfilled, where the framework does not choose the route.
        rows: the number of rows in the request's array; None for a request without one.
        error_type: the slug of the error that was answered; empty without one.
    """

    template: str = ""
    rows: int | None = None
    error_type: str = ""


def find_record(scope: Scope) -> RequestRecord:
    """Return the record of a request; the first call puts one into the scope."""
    record: RequestRecord = scope.setdefault(KEY, RequestRecord())
    return record
