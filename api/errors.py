"""Errors as answers: one shape, `{"error": sentence, "error_type": slug}`, and one table of statuses."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from ld_data import errors

logger = logging.getLogger(__name__)

# The most specific class first: the first that an error is an instance of decides.
STATUSES: tuple[tuple[type[errors.LdDataError], int], ...] = (
    (errors.TooLargeError, 413),
    (errors.MediaTypeError, 415),
    (errors.DuplicateError, 409),
    (errors.InputError, 422),
    (errors.TokenError, 401),
    (errors.ForbiddenError, 403),
    (errors.UnknownNameError, 404),
    (errors.NotAcceptableError, 406),
    (errors.SlowBodyError, 408),
    (errors.OverloadedError, 429),
    (errors.NotReadyError, 503),
    (errors.IntegrityError, 503),
    (errors.StorageError, 503),
    (errors.FullError, 507),
)
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
MEANINGS = {
    400: "The Range header cannot be understood.",
    401: "The route needs a token, in the header Authorization.",
    403: "The service was started without the token that this route needs.",
    404: "No such release, file, entry or route.",
    406: "The header Accept names none of the media types that the route answers.",
    408: "The body did not arrive in time.",
    409: "These predictions are ranked already.",
    412: "The file is not the one that If-Match or If-Unmodified-Since names.",
    413: "The body or the number of rows exceeds a limit; the answer names it.",
    415: "The body has another media type than the route takes, or a Content-Encoding other than gzip and deflate.",
    416: "The requested range lies outside the file.",
    422: "Wrong shape, type or range, a value that is not finite, or a score that no model of x can have.",
    429: "More requests than the service takes on, or takes from one client; Retry-After says when to try again.",
    503: "The release is not ready, or the disk refuses.",
    507: "The leaderboard of the release is full, or a name has as many entries in a season as it may.",
}


class ErrorBody(BaseModel):
    """The one shape of every error."""

    error: str = Field(description="What was expected, what was received, and what to do.")
    error_type: str = Field(description="A slug for programs.", examples=["invalid_input"])


def describe_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of the error statuses that a route can answer."""
    return {status: {"model": ErrorBody, "description": MEANINGS[status]} for status in statuses}


class ErrorResponse(JSONResponse):
    """An error in its one shape, which leaves its slug in the scope of its request for who watches."""

    def __init__(self, status: int, error: str, error_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Take the sentence and the slug."""
        super().__init__({"error": error, "error_type": error_type}, status, headers)
        self._error_type = error_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        scope["error_type"] = self._error_type
        await super().__call__(scope, receive, send)


def make_error_response(
    status: int, error: str, error_type: str, headers: Mapping[str, str] | None = None
) -> ErrorResponse:
    """Return an error in its one shape."""
    return ErrorResponse(status, error, error_type, headers)


def respond_to(error: errors.LdDataError) -> JSONResponse:
    """Return the answer to an error of ours, by the table; 429 tells when to try again, 401 what is asked for."""
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    headers = {}
    if isinstance(error, errors.OverloadedError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.TokenError):
        headers["WWW-Authenticate"] = "Bearer"
    return make_error_response(status, str(error), error.error_type, headers)


def tell_client_left() -> JSONResponse:
    """Return the answer to a request whose client has gone: nobody reads it, but the log of requests shows it."""
    return make_error_response(400, "the client left before its body was complete.", "client_left")


def tell_unexpected(request: Request, error: Exception) -> JSONResponse:
    """Return the answer where something went wrong that should not: the log tells what."""
    logger.error("unexpected error in %s %s", request.method, request.url.path, exc_info=error)
    return make_error_response(500, "unexpected error; the service's log tells more.", "internal")


def _list_methods(request: Request) -> list[str]:
    """Return the methods by which a path can be asked: of all its routes, where the framework names the first one's."""
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    routes = request.app.routes
    return [name for name, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in routes)]


def add_error_handlers(app: FastAPI) -> None:
    """Make the application answer every error in the one shape."""

    @app.exception_handler(errors.LdDataError)
    def _(request: Request, error: errors.LdDataError) -> JSONResponse:
        return respond_to(error)

    @app.exception_handler(errors.StorageError)
    def _(request: Request, error: errors.StorageError) -> JSONResponse:
        logger.error("%s %s: %s", request.method, request.url.path, error)  # it names files and addresses
        return make_error_response(
            503,
            "what the service keeps cannot be read or written now, and nothing was changed. Try again later; its log "
            "tells the operator why.",
            error.error_type,
        )

    @app.exception_handler(RequestValidationError)
    def _(request: Request, error: RequestValidationError) -> JSONResponse:
        reasons = "; ".join(f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors())
        return make_error_response(422, f"the request does not fit: {reasons}.", "invalid_input")

    @app.exception_handler(HTTPException)
    def _(request: Request, error: HTTPException) -> JSONResponse:
        kinds = {404: "unknown_name", 405: "method_not_allowed"}
        detail, headers = error.detail, dict(error.headers or {})
        if error.status_code == 405 and (methods := _list_methods(request)):  # none are known of files of the page
            detail, headers["Allow"] = f"this route takes {' and '.join(methods)} alone", ", ".join(methods)
        message = f"{request.method} {request.url.path}: {detail}. The routes are listed at /docs."
        return make_error_response(error.status_code, message, kinds.get(error.status_code, "http_error"), headers)

    @app.exception_handler(ClientDisconnect)
    def _(request: Request, error: ClientDisconnect) -> JSONResponse:
        return tell_client_left()

    @app.exception_handler(Exception)
    def _(request: Request, error: Exception) -> JSONResponse:
        return tell_unexpected(request, error)
