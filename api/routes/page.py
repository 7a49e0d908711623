"""Routes: the page, the description of the interface, the manual, and their files."""

from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse, Response
from starlette.types import Scope

from api.leaderboard.references import list_references
from api.messages.files import respond_to_conditions, send_content
from api.messages.pages import HEADERS, HTML, MANUAL_HEADERS, write_figures
from api.releases.catalogue import ServedRelease
from api.routes.state import CatalogueState
from ld_data.errors import UnknownNameError

FIGURES, MODULES, MANUAL_LINK = "<!-- figures -->", "<!-- modules -->", "<!-- manual -->"  # their places in the page
FOLDER = Path(__file__).parents[1] / "static"
MANUAL = Path(__file__).parents[2] / "build" / "manual"  # of `make docs`
CONDITIONS = (b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range", b"range")


class PageFiles(StaticFiles):
    """The files, with the headers of the page; they are small, and sent whole."""

    page_headers = HEADERS

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        plain = [header for header in scope["headers"] if header[0] not in CONDITIONS]
        response = await super().get_response(path, {**scope, "headers": plain})
        response.headers.update({**self.page_headers, "Accept-Ranges": "none"})
        if isinstance(response, FileResponse):
            headers = {"ETag": response.headers["etag"], **self.page_headers}
            modified = parsedate_to_datetime(response.headers["last-modified"])
            if answer := respond_to_conditions(scope, headers, modified, Path(path).name):
                return answer
        scope["headers"] = plain
        return response


class ManualFiles(PageFiles):
    """The built manual, with the headers of its pages, as soon as it is there."""

    page_headers = MANUAL_HEADERS

    async def check_config(self) -> None:
        """Accept a folder that is missing."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file.

        Raises:
            UnknownNameError: the manual is not built.
        """
        if not _is_manual_built():
            raise UnknownNameError("the manual is not built; `make docs` in the folder of LD-Data builds it.")
        return await super().get_response(path, scope)


FILES, MANUAL_FILES = PageFiles(directory=FOLDER), ManualFiles(directory=MANUAL, html=True, check_dir=False)
router = APIRouter()
router.mount("/static", FILES, name="static")
router.mount("/manual", MANUAL_FILES, name="manual")


@router.get("/", include_in_schema=False)
def show_page(request: Request, catalogue: CatalogueState) -> Response:
    """Answer with the page, which also holds the figures and links to files for readers without scripts."""
    figures = "\n".join(map(_write_release, catalogue.ready))
    manual = '<a href="manual/">Manual</a>' if _is_manual_built() else ""
    body = _read_page().replace(FIGURES, figures).replace(MANUAL_LINK, manual).encode()
    return send_content(request, body, HTML, "the page", HEADERS | {"Accept-Ranges": "none"})


def _is_manual_built() -> bool:
    return Path(str(MANUAL_FILES.directory)).is_dir()


@cache
def _read_page() -> str:
    """Return the page, which lets a browser load all modules at once, and not one after the other imports it."""
    modules = sorted(path.name for path in FOLDER.glob("*.js") if path.name != "docs.js")
    links = "\n".join(f'<link rel="modulepreload" href="static/{name}">' for name in modules)
    return (FOLDER / "index.html").read_text("utf-8").replace(MODULES, links)


def _write_release(found: ServedRelease) -> str:
    references = sorted(list_references(found), key=lambda row: -row["skill"])
    return write_figures(found.manifest.name, [(row["name"], row["skill"]) for row in references], found.files)


@router.get("/docs", include_in_schema=False)
async def show_interface(request: Request) -> Response:
    """Answer with the page that describes all routes."""
    return await FILES.get_response("docs.html", request.scope)
