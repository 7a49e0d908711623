"""The short way to the models, past the framework's routing and its reading of parameters."""

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from api.codecs import CodecService
from api.errors import respond_to, tell_client_left
from api.operations import Draw, Operation
from ld_data.errors import LdDataError

PARTS = 6  # of /v1/datasets/{release}/{space}/{way}, split at the slashes


class FastPath:
    """ASGI middleware: answers requests to encode and decode that have no query, and leaves all else to others.

    `api.codecs` declares the same routes, with queries and all, for the documentation and the long way.
    """

    def __init__(self, app: ASGIApp, service: CodecService) -> None:
        """Wrap an application."""
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        operation = self._find(scope)
        if operation is None:
            await self._app(scope, receive, send)
            return
        try:
            response = await self._service.answer(Request(scope, receive), operation, Draw())
        except LdDataError as error:
            response = respond_to(error)
        except ClientDisconnect:
            response = tell_client_left()
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> Operation | None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
            return None
        parts = scope["path"].split("/")
        if len(parts) != PARTS or parts[1:3] != ["v1", "datasets"]:
            return None
        return self._service.catalogue.find_operation(parts[3], f"{parts[4]}/{parts[5]}")
