"""Routes: the page, and the files that it is made of."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

FOLDER = Path(__file__).parents[1] / "static"
# Nothing comes from another host, nothing is written into the page as script or style, and nobody may frame it.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",  # but kept, and asked for again by its ETag
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageFiles(StaticFiles):
    """The files, with the headers of the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or what `StaticFiles` returns or raises."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def make_router() -> APIRouter:
    """Return `/` and what lies under `/static`."""
    router = APIRouter()

    files = PageFiles(directory=FOLDER)

    @router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def show_page(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    router.mount("/static", files, name="static")
    return router
