"""The shortest way to the graph for the requests that need none of the web framework around it."""

from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/graphql"


class Front:
    """Hands requests to the graph directly; others, and those of web pages, which need CORS headers, to `app`.

    The graph answers for its own errors, so that nothing is lost by going past the framework's handlers.
    """

    def __init__(self, graph: ASGIApp, app: ASGIApp) -> None:
        self._graph = graph
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and not _has_origin(scope):
            await self._graph(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _has_origin(scope: Scope) -> bool:
    return any(name == b"origin" for name, _ in scope["headers"])
