"""The toy graph behind the real transports: in memory for HTTP, behind a real uvicorn for streams."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute

from app.graphql.call import Call, Session
from app.graphql.connections import MAX_WEBSOCKET_MESSAGE, Connections
from app.graphql.endpoint import Endpoint
from app.graphql.sse import StreamView
from app.graphql.view import GraphQLView
from domain.errors import Unauthenticated
from tests.fakes.toy_schema import TOY_SCHEMA, ToyContext, ToyLog

GRAPHQL_PATH = "/graphql"
STREAM_PATH = "/graphql/stream"
JSON = "application/json"
RESPONSE = "application/graphql-response+json"
PATIENCE_SECONDS = 20


@dataclass
class Toy:
    """Tokens: "bad" is refused, "broken" breaks the authenticator, anything else is the name of the principal."""

    log: ToyLog = field(default_factory=ToyLog)
    expires_at: datetime | None = None
    context_error: Exception | None = None
    options: dict[str, Any] = field(default_factory=dict)

    async def authenticate(self, connection: HTTPConnection, payload: Mapping[str, Any]) -> Session:
        token = payload.get("token") or connection.headers.get("authorization", "").removeprefix("Bearer ")
        if token == "bad":
            raise Unauthenticated("This access token is not valid. Sign in again.")
        if token == "broken":
            raise RuntimeError("the database password is hunter2")
        return Session(principal=f"user:{token or 'anonymous'}", expires_at=self.expires_at, subject=token)

    async def make_context(self, call: Call) -> ToyContext:
        if self.context_error:
            raise self.context_error
        context = ToyContext(call=call, log=self.log)
        self.log.contexts.append(context)
        return context

    def endpoint(self) -> Endpoint:
        defaults: dict[str, Any] = {"connections": Connections(), "may_introspect": lambda _: True}
        return Endpoint(
            schema=TOY_SCHEMA,
            authenticate=self.authenticate,
            make_context=self.make_context,
            **(defaults | self.options),
        )


def toy_app(endpoint: Endpoint) -> Starlette:
    view = GraphQLView(endpoint)
    return Starlette(
        routes=[
            Route(GRAPHQL_PATH, view),
            WebSocketRoute(GRAPHQL_PATH, view),
            Route(STREAM_PATH, StreamView(endpoint)),
        ]
    )


@contextlib.asynccontextmanager
async def toy_client(toy: Toy) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client that talks to the application in this process, without a socket."""
    transport = httpx2.ASGITransport(app=toy_app(toy.endpoint()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://toy") as client:
        yield client


async def send(toy: Toy | None = None, **request: Any) -> httpx2.Response:
    """One request: `json` or `content` make a POST, else it is a GET."""
    request.setdefault("method", "POST" if {"json", "content"} & request.keys() else "GET")
    async with toy_client(toy or Toy()) as client:
        return await client.request(url=GRAPHQL_PATH, **request)


async def post(query: str, toy: Toy | None = None, accept: str = RESPONSE, **parameters: Any) -> httpx2.Response:
    return await send(toy, json={"query": query, **parameters}, headers={"accept": accept})


def error_of(response: httpx2.Response) -> dict[str, Any]:
    (error,) = response.json()["errors"]
    return dict(error)


def code_of(response: httpx2.Response) -> str:
    return str(error_of(response)["extensions"]["code"])


class DrainingServer(uvicorn.Server):
    """Ends the streams before it waits for them, as the web process does."""

    def __init__(self, config: uvicorn.Config, endpoint: Endpoint) -> None:
        super().__init__(config)
        self._endpoint = endpoint

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._endpoint.connections.drain()
        await super().shutdown(sockets)


@dataclass
class RunningToy:
    toy: Toy
    endpoint: Endpoint
    server: DrainingServer
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{GRAPHQL_PATH}"

    @property
    def stream_url(self) -> str:
        return f"http://127.0.0.1:{self.port}{STREAM_PATH}"

    def connect(self, **options: Any) -> Any:
        """A WebSocket that has not said connection_init yet."""
        return websockets.connect(
            f"ws://127.0.0.1:{self.port}{GRAPHQL_PATH}",
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
            **options,
        )

    @contextlib.asynccontextmanager
    async def session(self, token: str = "ada", **options: Any) -> AsyncIterator["ToySocket"]:
        """A WebSocket that has been acknowledged."""
        async with self.connect(**options) as connection:
            toy_socket = ToySocket(connection)
            await toy_socket.send({"type": "connection_init", "payload": {"token": token}})
            toy_socket.ack = await toy_socket.receive()
            yield toy_socket


@dataclass
class ToySocket:
    connection: Any
    ack: dict[str, Any] = field(default_factory=dict)

    async def send(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def subscribe(self, id: str, query: str, **payload: Any) -> None:
        await self.send({"id": id, "type": "subscribe", "payload": {"query": query, **payload}})

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            received: dict[str, Any] = json.loads(await self.connection.recv())
        return received

    async def closed(self) -> tuple[int, str]:
        """(code, reason) once the server has closed; messages before that are dropped."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    await self.connection.recv()
        return self.connection.close_code, self.connection.close_reason


@contextlib.asynccontextmanager
async def running_toy(toy: Toy) -> AsyncIterator[RunningToy]:
    """A real uvicorn on a free port, stopped at the end."""
    endpoint = toy.endpoint()
    config = uvicorn.Config(
        toy_app(endpoint),
        log_config=None,
        lifespan="off",
        ws_max_size=MAX_WEBSOCKET_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
    )
    server = DrainingServer(config, endpoint)
    # The test run keeps its own signal handlers.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await eventually(lambda: server.started)
        yield RunningToy(toy, endpoint, server, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await serving


async def eventually(is_so: Any) -> None:
    """Waits until the condition holds; fails after a generous while."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110  # what is waited for sets no event
            await asyncio.sleep(0.01)
