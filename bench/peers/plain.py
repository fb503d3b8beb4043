"""Plain Strawberry: the product's resolvers and its authentication, and everything else as it comes out of the box.

The stock schema, executor, JSON, ASGI application and WebSocket handler; no caches, no limits, no budget.
"""

import asyncio
from dataclasses import replace
from typing import Any

import strawberry
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

import schema.values  # noqa: F401 - registers facts and enums before any field names them
from app.access import Access, make_ports
from app.graphql.call import Call, Transport, new_request_id
from app.logs import set_up_logs
from app.settings import Settings
from app.wiring import open_backend
from live.feed import Feed
from live.log_reader import ReaderOptions
from resolvers.context import Context, Ports
from resolvers.root import Mutation, Query, Subscription
from schema.errors import EXCEPTION_HANDLERS
from schema.scalars import SCALARS


class Anew:
    """Keeps no answers: each is computed when it is asked for."""

    async def get_or_compute(self, question: object, scope: Any, encoded: Any, compute: Any) -> Any:
        return await compute()


def without_kept_answers(ports: Ports) -> Ports:
    """The product's ports, but for what it keeps in Redis."""
    return replace(ports, results=Anew())  # type: ignore[arg-type]  # it has the one method that resolvers use


class PlainView(GraphQL[Context, None]):
    """Strawberry's own view with the product's hooks around it."""

    def __init__(self, access: Access, **options: Any) -> None:
        super().__init__(**options)
        self._access = access

    async def get_context(self, request: Request | WebSocket, response: Any) -> Context:
        """The context of a request, or of a socket: a socket sends its token in the header here."""
        session = await self._access.authenticate(request, {})
        transport = Transport.HTTP if isinstance(request, Request) else Transport.WEBSOCKET
        call = Call(request_id=new_request_id(), transport=transport, session=session, connection=request)
        return await self._access.make_context(call)


async def serve() -> None:
    settings = Settings()
    set_up_logs(json=settings.log_json, level=settings.log_level)
    async with open_backend(settings) as backend:
        feed = Feed(backend.log, backend.bus, ReaderOptions(tick=settings.live_tick))
        plain = strawberry.Schema(
            Query,
            Mutation,
            Subscription,
            exception_handlers=EXCEPTION_HANDLERS,
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        view = PlainView(
            Access(without_kept_answers(make_ports(backend, feed))),
            schema=plain,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
        )
        app = Starlette(routes=[Route("/graphql", view, methods=None), WebSocketRoute("/graphql", view)])
        config = uvicorn.Config(app, port=settings.port, lifespan="off", log_config=None, access_log=False)
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
