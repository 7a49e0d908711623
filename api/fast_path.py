"""The short way to the models, past the framework's routing and its reading of parameters."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from api.codecs import CodecService
from api.errors import respond_to, tell_client_left
from api.inference_protocol import find_model, infer
from api.operations import Draw
from ld_data.errors import LdDataError

Answer = Callable[[Request], Awaitable[Response]]


class FastPath:
    """ASGI middleware: answers requests to models that have no query, and leaves all else to others.

    `api.codecs` and `api.inference_protocol` declare the same routes, with queries and all, for the documentation and
    the long way.
    """

    def __init__(self, app: ASGIApp, service: CodecService) -> None:
        """Wrap an application."""
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        found = self._find(scope)
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["template"], answer = found  # the one for who watches, as others leave their route
        try:
            response = await answer(Request(scope, receive))
        except LdDataError as error:
            response = respond_to(error)
        except ClientDisconnect:
            response = tell_client_left()
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[str, Answer] | None:
        """Return the template of a request's route, and what answers it."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
            return None
        match scope["path"].split("/"):
            case ["", "v1", "datasets", release, space, way]:
                return self._find_operation(release, f"{space}/{way}")
            case ["", "v2", "models", name, "infer"]:
                return self._find_model(name)
        return None

    def _find_operation(self, release: str, path: str) -> tuple[str, Answer] | None:
        operation = self._service.catalogue.find_operation(release, path)
        if operation is None:
            return None
        return f"/v1/datasets/{{release}}/{path}", lambda request: self._service.answer(request, operation, Draw())

    def _find_model(self, name: str) -> tuple[str, Answer] | None:
        try:
            model = find_model(self._service.catalogue, name)
        except LdDataError:  # which the long way tells
            return None
        return "/v2/models/{model}/infer", lambda request: infer(self._service, request, model)
