"""The short way to the models, around the routing and the parameters of the framework.

`python -m api benchmark --only requests` measures what it saves: `x/decode?dtype=float32` takes the long way to the
same answer.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.messages.refusals import handle
from api.messages.request_record import find_record
from api.middleware.answers import LARGE_BYTES, Answers
from api.releases.operations import Draw
from api.routes.inference import infer_model, list_models
from api.work.codec_service import CodecService

Answer = Callable[[Request], Awaitable[Response]]


class FastPath:
    """ASGI middleware: answers requests to models that have no query, and passes on all others.

    `api.routes.codecs` and `api.routes.inference` declare the same routes, with queries, for the documentation and all
    other requests.
    """

    def __init__(self, app: ASGIApp, service: CodecService) -> None:
        self._app, self._admission = app, service.worker.admission
        self._routes = dict(_make_routes(service))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if (route := self._find(scope)) is None:
            await self._app(scope, receive, send)
            return
        find_record(scope).template, answer = route
        request = Request(scope, receive)
        try:
            response = await answer(request)
        except Exception as error:
            response = await handle(request, error)
        is_large = len(getattr(response, "body", b"")) > LARGE_BYTES
        await (Answers(response, self._admission) if is_large else response)(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[str, Answer] | None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
            return None
        return self._routes.get(scope["path"].removeprefix(scope.get("root_path", "")))


def _make_routes(service: CodecService) -> Iterator[tuple[str, tuple[str, Answer]]]:
    """Yield the path of each model, the template of its route, and the function that answers its requests."""
    for release in service.catalogue.ready:
        for end, operation in release.operations.items():
            answer = partial(service.answer, operation=operation, draw=Draw())
            yield f"/v1/datasets/{release.manifest.name}/{end}", (f"/v1/datasets/{{release}}/{end}", answer)
    for model in list_models(service.catalogue):
        yield (
            f"/v2/models/{model.name}/infer",
            ("/v2/models/{model}/infer", partial(infer_model, service=service, model=model)),
        )
