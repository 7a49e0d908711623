"""The short way to the models, past the framework's routing and its reading of parameters."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import respond_to, tell_client_left, tell_unexpected
from api.releases.operations import Draw
from api.routes.inference import infer, list_models
from api.work.codec_service import CodecService
from ld_data.errors import LdDataError


@dataclass(frozen=True)
class Way:
    """A route without its parameters: the template, and what answers a request for it."""

    template: str
    answer: Callable[[Request], Awaitable[Response]]


class FastPath:
    """ASGI middleware: answers requests to models that have no query, and leaves all else to others.

    `api.routes.codecs` and `api.routes.inference` declare the same routes, with queries, for the documentation and all
    other requests.
    """

    def __init__(self, app: ASGIApp, service: CodecService) -> None:
        """Wrap an application; of the service's releases those that are ready by now have their short way."""
        self._app = app
        self._ways = _make_ways(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        way = self._find(scope)
        if way is None:
            await self._app(scope, receive, send)
            return
        scope["template"] = way.template  # for who watches, as others leave their route
        request = Request(scope, receive)
        try:
            response = await way.answer(request)
        except LdDataError as error:
            response = respond_to(error)
        except ClientDisconnect:
            response = tell_client_left()
        except Exception as error:
            response = tell_unexpected(request, error)
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> Way | None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
            return None
        return self._ways.get(scope["path"])


def _make_ways(service: CodecService) -> dict[str, Way]:
    """Return the ways to all models, by their paths."""
    ways = {}
    for release in service.catalogue.ready:
        for end, operation in release.operations.items():
            answer = partial(service.answer, operation=operation, draw=Draw())
            ways[f"/v1/datasets/{release.manifest.name}/{end}"] = Way(f"/v1/datasets/{{release}}/{end}", answer)
    for model in list_models(service.catalogue):
        ways[f"/v2/models/{model.name}/infer"] = Way("/v2/models/{model}/infer", partial(infer, service, model=model))
    return ways
