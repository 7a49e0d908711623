"""Requests from pages of other origins (CORS): allowed for those that the operator names."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from api.messages.inference import HEADER_LENGTH
from api.messages.refusals import ErrorResponse
from eval.leaderboard.submission import OWNER_HEADER

METHODS = ("GET", "HEAD", "POST", "DELETE")
BOTH = (HEADER_LENGTH, "X-Request-ID")
SENT = ("Authorization", "Content-Encoding", "If-Match", "If-None-Match", "If-Range", "Range", OWNER_HEADER, *BOTH)
READ = ("Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Retry-After", *BOTH)


class Origins(CORSMiddleware):
    """ASGI middleware: lets browsers show answers to pages of these origins, and refuses others in the one shape."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(app, origins, METHODS, SENT, expose_headers=READ, allow_private_network=True)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the answer to the question of a browser."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == 200:
            return answer
        reason = f"{bytes(answer.body).decode()}. The operator names origins with --allow-origin."
        headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        return ErrorResponse(400, reason, "origin_refused", headers)
