"""Errors as answers: one shape, `{"error": sentence, "error_type": slug}`, and one table of statuses."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from api.errors import OverloadedError
from api.messages.pages import HEADERS, HTML, write_error_page
from api.messages.payload import JSON, choose_media_type, read_header, write_json
from api.messages.request_record import find_record
from ld_data.errors import LdDataError, StorageError, TokenError

logger = logging.getLogger(__name__)

STATUSES = {
    "too_large": 413,
    "unsupported_media_type": 415,
    "duplicate": 409,
    "invalid_input": 422,
    "leak": 422,
    "unauthorized": 401,
    "forbidden": 403,
    "not_owner": 403,
    "unknown_name": 404,
    "not_acceptable": 406,
    "slow_body": 408,
    "overloaded": 429,
    "rate_limited": 429,
    "not_ready": 503,
    "integrity": 503,
    "storage": 503,
    "full": 507,
}
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
MEANINGS = {
    401: "The route needs a token in the header Authorization.",
    403: "The name belongs to another user, or the service was started without the token that this route needs.",
    404: "No release, file, entry or route has this name.",
    406: "The header Accept names none of the media types that the route writes.",
    408: "The body did not arrive in time.",
    409: "These predictions are already ranked.",
    412: "The file, x or list is not the one that If-Match or If-Unmodified-Since names.",
    413: "The body or the number of rows exceeds a limit; the answer names the limit.",
    415: "The route does not read this media type, or the Content-Encoding is neither gzip nor deflate.",
    416: "The requested range lies outside the file.",
    422: "Wrong shape, type or range, a value that is not finite, or a score that no model of x can reach.",
    429: "The service, or one client, has reached a limit on requests; Retry-After says when to try again.",
    503: "The release is not ready, or the storage does not work.",
    507: "The leaderboard of the release is full, or a client has its maximum number of entries in a season.",
}


class ErrorBody(BaseModel):
    """The one shape of every error."""

    error: str = Field(description="States what was expected, what was received, and what to do.")
    error_type: str = Field(description="A slug for programs.", examples=["invalid_input"])


def describe_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of the error statuses that a route can answer."""
    described: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorBody, "description": MEANINGS[status]} for status in statuses
    }
    if 404 in described:
        described[404]["content"] = {HTML: {"schema": {"type": "string"}}}  # for browsers
    return described


class ErrorResponse(JSONResponse):
    """An error in its one shape; sending it notes the slug for the metrics and the request log."""

    def __init__(self, status: int, error: str, error_type: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__({"error": error, "error_type": error_type}, status, headers)
        self.error, self.error_type = error, error_type

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return write_json(content)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        find_record(scope).error_type = self.error_type
        await super().__call__(scope, receive, send)


class ErrorPage(ErrorResponse):
    """An error as a page, for browsers."""

    media_type = HTML

    def __init__(self, error: ErrorResponse, root_path: str) -> None:
        self._root_path = root_path
        super().__init__(error.status_code, error.error, error.error_type, HEADERS)

    def render(self, content: Any) -> bytes:
        """Return the page."""
        return write_error_page(content["error"], self._root_path).encode()


def respond_to(error: LdDataError) -> ErrorResponse:
    """Return the answer to an error of the project."""
    headers = {}
    if isinstance(error, OverloadedError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, TokenError):
        headers["WWW-Authenticate"] = "Bearer"
    return ErrorResponse(STATUSES.get(error.error_type, 500), str(error), error.error_type, headers)


async def handle(request: Request, error: Exception) -> Response:
    """Return the answer to any error of a request, and log an error in the service itself.

    A browser gets a page where nothing was found.
    """
    answer = _answer(request, error)
    if answer.status_code != 404 or request.method != "GET":
        return answer
    if choose_media_type(read_header(request.scope, b"accept"), (JSON, HTML)) == HTML:
        answer = ErrorPage(answer, request.scope.get("root_path", ""))
    answer.headers["Vary"] = "Accept"
    return answer


def _answer(request: Request, error: Exception) -> ErrorResponse:
    if isinstance(error, StorageError):  # its message names files and addresses
        logger.error("%s %s: %s", request.method, request.url.path, error)
        reason = "the service cannot read or write its files now, and nothing was changed. Try again later; the "
        return ErrorResponse(503, reason + "operator finds the cause in the log.", error.error_type)
    if isinstance(error, LdDataError):
        return respond_to(error)
    if isinstance(error, RequestValidationError):
        reasons = "; ".join(f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors())
        return ErrorResponse(422, f"the request does not fit: {reasons}.", "invalid_input")
    if isinstance(error, HTTPException):
        return _respond_to_http_error(request, error)
    if isinstance(error, ClientDisconnect):  # only the request log shows this answer
        return ErrorResponse(400, "the client left before its body was complete.", "client_left")
    logger.error("unexpected error in %s %s", request.method, request.url.path, exc_info=error)
    return ErrorResponse(500, "unexpected error; the log of the service has the details.", "internal")


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = dict.fromkeys(
    (LdDataError, RequestValidationError, HTTPException, ClientDisconnect, Exception), handle
)


def _respond_to_http_error(request: Request, error: HTTPException) -> ErrorResponse:
    slugs = {404: "unknown_name", 405: "method_not_allowed"}
    detail, headers = error.detail, dict(error.headers or {})
    if error.status_code == 405 and (methods := _list_methods(request)):  # empty for a file of the page
        detail, headers["Allow"] = f"this route takes only {', '.join(methods)}", ", ".join(methods)
    root_path = request.scope.get("root_path", "")
    message = f"{request.method} {request.url.path}: {detail}. The routes are listed at {root_path}/docs."
    return ErrorResponse(error.status_code, message, slugs.get(error.status_code, "http_error"), headers)


def _list_methods(request: Request) -> list[str]:
    """Return the methods of all routes that have the path of a request; the framework names only those of one route."""
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    routes = request.app.routes
    found = [name for name, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in routes)]
    return sorted({*found, "HEAD"} if "GET" in found else found)
